"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User
from portal.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Our addresses, our mails' sender."""

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

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Everybody may sign up."""
        return True

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """People have no user name."""
