"""What an application asks for."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.applications.scopes import EVERYONES
from apps.catalog.models import Scope
from apps.keys.models import Key
from apps.oauth import scopes
from apps.oauth.scopes import Words

CHECKBOXES = {"class": "checkbox checkbox-sm checkbox-primary mt-0.5"}


class ScopesForm(forms.Form):
    """What an application asks for, and what of it people may leave out."""

    scopes = forms.MultipleChoiceField(
        label=_("What it asks for"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs=CHECKBOXES),
        help_text=_(
            "On live data it gets what a reviewer approves. In a sandbox everything works."
        ),
    )
    optional = forms.MultipleChoiceField(
        label=_("What people may leave out"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs=CHECKBOXES),
        help_text=_("The consent page offers a box for each. The rest is required."),
    )

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        """Begin with what ``application`` asks for now."""
        super().__init__(*args, **kwargs)
        catalog = boxes(organization=application.organization_id)
        others = [(name, label(words)) for name, words in scopes.OIDC.items() if name in EVERYONES]
        for name, offered in (("scopes", catalog), ("optional", [*catalog, *others])):
            cast("forms.MultipleChoiceField", self.fields[name]).choices = offered
        self.initial = {
            "scopes": application.requested_scopes,
            "optional": application.optional_scopes,
        }


class AskedForm(ScopesForm):
    """What an application asks for when it is submitted; what people may leave out stays.

    One that nobody has described yet is described here.
    """

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        """Begin with what it asks for, or with what its working keys can do."""
        super().__init__(*args, application=application, **kwargs)
        del self.fields["optional"]
        if not application.description.strip():
            described = forms.CharField(
                label=_("Description"),
                max_length=500,
                help_text=_("What it does, in a sentence or two. Reviewers read this first."),
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            self.fields = {"description": described, **self.fields}
        self.initial["scopes"] = application.requested_scopes or _tried(application)


def _tried(application: Application) -> list[str]:
    """Return what the working keys of ``application`` can do; all data where it has none.

    What manages the organization is ticked one by one, or not asked for.
    """
    working = Key.objects.usable().filter(application=application)
    tried = {name for held in working.values_list("scopes", flat=True) for name in held}
    data = Scope.objects.shown_to(application.organization_id).of_data()
    return sorted(tried or data.values_list("name", flat=True))


def boxes(held: Iterable[str] = (), *, organization: str) -> list[tuple[str, SafeString]]:
    """Return a box for each scope of the catalog that ``organization`` may know of.

    One that is ``held`` and was withdrawn has one too: without it, nothing ticked might mean all.
    """
    known = scopes.known(organization)
    gone = [Words(name, name) for name in held if name not in known]
    offered = [one for one in (*known.values(), *gone) if one.name not in scopes.OIDC]
    return [(one.name, label(one)) for one in offered]


def label(words: Words) -> SafeString:
    """Return a scope as the label of its box."""
    risk = format_html(' <span class="pill text-warning">{}</span>', _("high risk"))
    return format_html(
        '<code class="font-mono text-xs font-medium">{}</code>{}'
        '<span class="block text-xs muted">{}</span>',
        words.name,
        risk if words.high else "",
        words.title,
    )
