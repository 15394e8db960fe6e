"""Whether a client may act at all, and for whom."""

from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError

from apps.accounts.models import User
from apps.applications.models import Application
from apps.oauth.models import Client
from apps.tenants.models import Tenant


def check_client(client: Client) -> None:
    """Refuse a client whose application or organization is suspended, or not approved for live."""
    application = client.application
    organization = application.organization
    if application.state == Application.State.SUSPENDED:
        raise InvalidClientError(_because(f"{application} is suspended", application.state_reason))
    if organization.suspended_at:
        raise InvalidClientError(
            _because(f"{organization} is suspended", organization.suspension_reason)
        )
    if client.livemode and application.state != Application.State.APPROVED:
        raise InvalidClientError(f"{application} is not approved for live data.")


def check_person(user: User | None, tenant: Tenant | None) -> None:
    """Refuse to act for someone who may no longer sign in, or no longer has a place there."""
    if user is None or not user.is_active:
        raise InvalidGrantError("The account of the end user is closed.")
    open_to = Tenant.objects.grantable_by(user).filter(organization__suspended_at=None)
    if tenant is None or not open_to.filter(pk=tenant.pk).exists():
        raise InvalidGrantError("The end user has no place in this tenant any more.")


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else f"{what}."
