"""Making and describing an application."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application


class ApplicationForm(forms.ModelForm[Application]):
    """How an application presents itself."""

    class Meta:
        """Reviewers read all three."""

        model = Application
        fields = ("name", "description", "homepage")
        labels = {"homepage": _("Home page")}
        help_texts = {
            "name": _("People see it when they are asked to trust your application."),
            "description": _("What it does, in a sentence or two. Reviewers read this first."),
        }
        widgets = {
            "name": forms.TextInput(attrs={"placeholder": _("Invoicer"), "autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 3}),
            "homepage": forms.URLInput(attrs={"placeholder": "https://invoicer.example"}),
        }
