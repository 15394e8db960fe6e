"""Inviting people, and giving them roles."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.orgs.models import Organization, Role

DUTIES = {
    Role.OWNER: _("Everything, and hands the organization over."),
    Role.ADMIN: _("Everything but that: members, live keys, all applications."),
    Role.DEVELOPER: _("Builds: applications, sandbox keys, OAuth clients, logs."),
    Role.BILLING: _("Sees usage and applications; no keys, no logs."),
    Role.AUDITOR: _("Reads everything; changes nothing."),
}
RADIO = forms.RadioSelect(attrs={"class": "radio radio-sm radio-primary mt-0.5"})


class RoleForm(forms.Form):
    """One of the roles, each with what it is for."""

    role = forms.ChoiceField(label=_("Role"), widget=RADIO, initial=Role.DEVELOPER)

    def __init__(self, *args: Any, by: str, **kwargs: Any) -> None:
        """Offer what a member with the role ``by`` may give."""
        super().__init__(*args, **kwargs)
        given = [role for role in Role if by == Role.OWNER or role != Role.OWNER]
        choices = [(role.value, _described(role)) for role in given]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


class InvitationForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The invitation is good for this address only, for seven days."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ["email", "role"]


class FoundForm(forms.ModelForm[Organization]):
    """What another organization is called."""

    class Meta:
        """The rest is made for it."""

        model = Organization
        fields = ("name",)
        labels = {"name": _("Organization name")}


def _described(role: Role) -> str:
    return format_html(
        '<span class="font-medium">{}</span><span class="block text-xs muted">{}</span>',
        role.label,
        DUTIES[role],
    )
