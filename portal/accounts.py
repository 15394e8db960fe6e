"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.addresses import client_address
from portal import proof

PROOFS = {
    "reauthenticate": _("Use your password"),
    "mfa_reauthenticate": _("Use a code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Our addresses, our mails' sender, our words."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account was closed by an operator."),
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "enter_current_password": _("That is not your current password."),
        "incorrect_code": _("That is not the code. The newest mail has the one that works."),
        "incorrect_password": _("That is not your password."),
        "too_many_login_attempts": _("That was tried too often. Wait five minutes and try again."),
        "email_taken": _("Another account has this address."),
        "duplicate_email": _("This is your address already."),
        "rate_limited": _("A mail is on its way already. Wait three minutes for the next one."),
        "same_as_current": _("This is your address already."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Count trusted proxies as everywhere else; rate limits depend on it."""
        return client_address(request) or "0.0.0.0"  # noqa: S104 - no socket is bound

    def get_from_email(self) -> str:
        """Return the operator's sender."""
        return str(settings.DEFAULT_FROM_EMAIL)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Let subjects know the brand too; allauth renders them without a request."""
        ours = {"brand": settings.BRAND, "portal_url": settings.PORTAL_URL}
        super().send_mail(template_prefix, email, context | ours)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to where passwords are changed."""
        return reverse("portal:settings")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Lead who changed his address back to where it stands."""
        if self.request.user.is_authenticated:
            return reverse("portal:settings")
        return str(super().get_email_verification_redirect_url(email_address))

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Ask for a proof in allauth's pages as in all others."""
        return not proof.is_fresh(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Say in our words how one can prove who one is."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [method | {"description": PROOFS[method["id"]]} for method in methods]

    def is_safe_url(self, url: str | None) -> bool:
        """Lead nowhere with what is no address at all; allauth would fail."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Everybody may sign up."""
        return True

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """People have no user name."""
