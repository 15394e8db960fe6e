"""One's own profile, and the organization's name."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.orgs.models import Organization


class ProfileForm(forms.ModelForm[User]):
    """Who one is."""

    class Meta:
        """The e-mail address has its own pages, as it must be proved."""

        model = User
        fields = ("name",)
        labels = {"name": _("Your name")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class OrganizationForm(forms.ModelForm[Organization]):
    """What the organization is called."""

    prefix = "organization"

    class Meta:
        """Only the name can be changed here."""

        model = Organization
        fields = ("name",)
        labels = {"name": _("Organization name")}
