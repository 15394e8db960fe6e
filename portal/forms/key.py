"""Making an API key."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.applications.scopes import everything
from apps.catalog.models import Scope, organizations_of
from apps.core import clock
from apps.core.networks import listed
from apps.keys.models import Key
from apps.tenants.models import Tenant

LIVES: Final = (
    ("", _("Never")),
    ("7", _("In 7 days")),
    ("30", _("In 30 days")),
    ("90", _("In 90 days")),
    ("365", _("In a year")),
)
ACCESS: Final = (
    ("full", _("All data of the application")),
    ("restricted", _("Only what is ticked below")),
)


class ChangeForm(forms.Form):
    """What can be changed of a key: its name, and from where it may be used."""

    name = forms.CharField(label=_("Name"), max_length=80)
    ip_allow = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        max_length=2000,
        help_text=_("Calls from elsewhere are refused. Without any, the key works everywhere."),
        widget=forms.TextInput(
            attrs={"placeholder": "203.0.113.0/24, 2001:db8::/32", "autocomplete": "off"}
        ),
    )

    def networks(self) -> list[str]:
        """Return the addresses that were listed, with commas or blanks between them."""
        return listed(self.cleaned_data["ip_allow"])


class KeyForm(forms.Form):
    """What a key is for, where it works, what it may do, how long and from where."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Where it will be used, so that you know it again."),
        widget=forms.TextInput(attrs={"placeholder": _("Staging server"), "autocomplete": "off"}),
    )
    application = forms.ModelChoiceField(
        Application.objects.none(), label=_("Application"), empty_label=None
    )
    tenant = forms.ModelChoiceField(Tenant.objects.none(), label=_("Environment"), empty_label=None)
    access = forms.ChoiceField(
        label=_("May do"),
        choices=ACCESS,
        required=False,
        widget=forms.RadioSelect(
            attrs={"class": "radio radio-sm radio-primary mt-0.5", "data-access": ""}
        ),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        required=False,
        widget=forms.CheckboxSelectMultiple(
            attrs={"class": "checkbox checkbox-sm checkbox-primary mt-0.5"}
        ),
    )
    life = forms.ChoiceField(label=_("Expires"), choices=LIVES, required=False)
    not_before = forms.DateTimeField(
        label=_("Valid from"),
        required=False,
        help_text=_("In UTC. Without it, the key works at once."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ip_allow = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        max_length=2000,
        help_text=_("Calls from elsewhere are refused. Without any, the key works everywhere."),
        widget=forms.TextInput(
            attrs={"placeholder": "203.0.113.0/24, 2001:db8::/32", "autocomplete": "off"}
        ),
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        livemode: bool = False,
        asked: str | None = None,
        like: Key | None = None,
        scopes: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        """Offer what ``user`` may choose from; begin with what is ``asked`` for or looked at.

        Or begin with what another key has, and with more ``scopes``.
        """
        super().__init__(*args, **kwargs)
        shown = Scope.objects.shown_to(*organizations_of(user)).order_by("name")
        offered = [(scope.name, _label(scope)) for scope in shown]
        self.fields["scopes"].choices = offered  # type: ignore[attr-defined]  # a ChoiceField
        mine = Application.objects.visible_to(user).order_by("pk")
        self.fields["application"].queryset = mine  # type: ignore[attr-defined]  # a ModelChoiceField
        tenants = Tenant.objects.visible_to(user).order_by("-kind", "pk")
        self.fields["tenant"].queryset = tenants  # type: ignore[attr-defined]  # a ModelChoiceField
        approved = mine.filter(state=Application.State.APPROVED)
        if not approved.exists():
            self.fields["tenant"].help_text = _("Live keys need an approved application.")
        self.initial["application"] = asked or (approved.first() if livemode else None)
        self.fields["access"].initial = "restricted" if livemode else "full"
        if livemode:
            self.initial["tenant"] = tenants.filter(kind=Tenant.Kind.LIVE).first()
        if like:
            self.initial["name"], self.initial["tenant"] = like.name, like.tenant_id
            self.initial["ip_allow"] = ", ".join(like.ip_allow)
        if wanted := {*scopes, *(like.scopes if like else ())}:
            self.initial["scopes"] = [name for name, _label in offered if name in wanted]
            self.fields["access"].initial = "restricted"

    def clean(self) -> dict[str, Any]:
        """Ask a restricted key for a scope; give a full one what its application may do."""
        wanted = super().clean() or self.cleaned_data
        application, tenant = wanted.get("application"), wanted.get("tenant")
        if wanted.get("access") != "full":
            if not wanted.get("scopes") and "scopes" not in self.errors:
                self.add_error("scopes", _("Choose at least one scope."))
        elif application and tenant:
            given = everything(application, tenant=tenant)
            if not given:
                self.add_error("access", _("No scope is approved for this application yet."))
            wanted["scopes"] = given
        return wanted

    def kind(self) -> Literal["k", "r"]:
        """Return the kind of key that was chosen."""
        return "k" if self.cleaned_data["access"] == "full" else "r"

    def expires_at(self) -> datetime | None:
        """Return when the key ends, or None."""
        days = self.cleaned_data["life"]
        return clock.real() + timedelta(days=int(days)) if days else None

    def networks(self) -> list[str]:
        """Return the addresses that were listed, with commas or blanks between them."""
        return listed(self.cleaned_data["ip_allow"])


def _label(scope: Scope) -> str:
    risk = format_html(' <span class="pill text-warning">{}</span>', _("high risk"))
    return format_html(
        '<code class="font-mono text-xs font-medium">{}</code>{}'
        '<span class="block text-xs muted">{}</span>',
        scope.name,
        risk if scope.risk == Scope.Risk.HIGH else "",
        scope.title,
    )
