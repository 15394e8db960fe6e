"""Signing up."""

from typing import Any, ClassVar

from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.account.internal.flows.login import record_authentication
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.accounts.models import Terms, User
from apps.core.addresses import client_address
from portal.forms.account import EMAIL, Worded


def _terms() -> SafeString:
    words = _("I accept the {begin}terms of service{end}")
    address = reverse("portal:terms")
    begin = format_html('<a class="link" href="{}" target="_blank">', address)
    return format_html(str(words), begin=begin, end=mark_safe("</a>"))


_terms_label = lazy(_terms, SafeString)


class SignupForm(Worded, BaseSignupForm):  # type: ignore[misc]  # allauth has no types
    """E-mail, name, password, and the terms of service."""

    words: ClassVar = {"email": EMAIL}

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    terms = forms.BooleanField(
        label=_terms_label(),
        error_messages={"required": _("Please accept the terms of service to continue.")},
    )
    field_order = ["email", "name", "password1", "terms"]

    def try_save(self, request: HttpRequest) -> Any:
        """Take as long for an address that has an account: a clock must not tell the two apart."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def save(self, request: HttpRequest) -> User:
        """Make the account and record which terms were accepted."""
        user: User = super().save(request)
        if user and (terms := Terms.objects.current()):
            accounts.accept_terms(user, terms=terms, ip=client_address(request))
        return user

    def custom_signup(self, request: HttpRequest, user: User) -> Any:
        """Keep the name; the password that was just chosen is a proof of who is there."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        record_authentication(request, user, "password", email=user.email)
