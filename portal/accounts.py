"""How allauth behaves here."""

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

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Everybody may sign up."""
        return True

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """People have no user name."""
