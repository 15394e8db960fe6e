"""Whether a client may act at all, and for whom."""

from collections.abc import Iterable

from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError

from apps.accounts.models import User
from apps.applications.models import Application
from apps.oauth import scopes
from apps.oauth.models import Client, DeviceGrant, Grant, RefreshToken
from apps.orgs import permissions
from apps.orgs.models import Membership
from apps.tenants.models import Tenant, TenantQuerySet

Source = Grant | RefreshToken | DeviceGrant


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


def tenants(user: User, names: Iterable[str]) -> TenantQuerySet:
    """Return the tenants in which ``user`` may let an application have the scopes ``names``."""
    known = Tenant.objects
    found = known.open_to(user) if scopes.only_tell_who(names) else known.grantable_by(user)
    return found.filter(organization__suspended_at=None)


def may_answer(user: User, tenant: Tenant) -> bool:
    """Tell whether ``user`` may answer for the test end users of ``tenant``."""
    places = Membership.objects.filter(organization=tenant.organization_id, user=user)
    role = places.values_list("role", flat=True).first()
    return not tenant.livemode and permissions.may(role, "connection.create")


def check_person(source: Source) -> None:
    """Refuse to act for someone who may no longer sign in, or no longer may allow this there.

    The same holds for the developer who answered in the place of a test end user. Whoever asks
    holds the family, so a role that is lost meanwhile ends what is made of it (``revocation``).
    """
    user, tenant, answered_by = source.user, source.tenant, source.answered_by
    if user is None or not user.is_active:
        raise InvalidGrantError("The account of the end user is closed.")
    allowed = tenants(user, source.scope.split())
    if tenant is None or not allowed.filter(pk=tenant.pk).exists():
        raise InvalidGrantError("The end user may not allow this in the tenant any more.")
    if answered_by and not (answered_by.is_active and may_answer(answered_by, tenant)):
        raise InvalidGrantError("Who answered for the test user may not do so any more.")


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else f"{what}."
