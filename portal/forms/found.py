"""Pasting a key: one that was found, or one that somebody holds and wonders about."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 20_000


class FoundForm(forms.Form):
    """A key that lay somewhere, and where."""

    text = forms.CharField(
        label=_("The key"),
        max_length=LONGEST,
        strip=True,
        help_text=_("Paste it, or the lines around it. We keep neither."),
        widget=forms.Textarea(
            attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false", "class": "font-mono"}
        ),
    )
    url = forms.CharField(
        label=_("Where it was"),
        required=False,
        max_length=500,
        help_text=_("An address, if it has one. Its owners read it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )


class CheckForm(forms.Form):
    """A key to look up."""

    text = forms.CharField(
        label=_("The key"),
        max_length=500,
        strip=False,
        help_text=_("It is looked up and forgotten."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "…"}
        ),
    )
