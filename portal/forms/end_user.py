"""Making test users."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.tenants.models import Tenant, TenantQuerySet


class EndUserForm(forms.Form):
    """What somebody invented is called, and where they live."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Invented: nobody signs in as them, and no mail reaches them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tenant = forms.ModelChoiceField(
        label=_("Sandbox"), queryset=Tenant.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, sandboxes: TenantQuerySet, **kwargs: Any) -> None:
        """Offer ``sandboxes``."""
        super().__init__(*args, **kwargs)
        self.fields["tenant"].queryset = sandboxes  # type: ignore[attr-defined]  # of its kind
