"""The device authorization endpoint's work (RFC 8628, section 3.1)."""

from django.conf import settings
from django.db import transaction
from oauthlib.oauth2.rfc6749.errors import (
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)

from apps.oauth import attempts, authentication, devices, resources, scopes
from apps.oauth.forms import Form
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.oauth.tokens import OK, Reply, refusal


@transaction.atomic
def answer(form: Form) -> Reply:
    """Begin a device's sign-in."""
    try:
        client = authentication.identify(form)
        wanted = _scopes(form, client)
        target = resources.check(form.resources, organization=client.application.organization_id)
        if client.is_public:
            attempts.bound("device", form.address)
    except OAuth2Error as refused:
        return refusal(refused)
    begun = devices.begin(client, scopes=wanted, resource=target)
    page = f"{settings.PORTAL_URL}/device"
    return Reply(
        OK,
        {
            "device_code": begun.device_code,
            "user_code": begun.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={begun.user_code}",
            "expires_in": begun.expires_in,
            "interval": begun.interval,
        },
    )


def _scopes(form: Form, client: Client) -> list[str]:
    if not client.allows_grant_type(GrantType.DEVICE):
        raise UnauthorizedClientError(f"The client is not registered for {GrantType.DEVICE}.")
    wanted = list(dict.fromkeys(form.get("scope").split())) or scopes.default(client)
    may = scopes.allowed(client)
    if too_much := [name for name in wanted if name not in may]:
        raise InvalidScopeError(f"The client may not have {' '.join(too_much)[:200]}.")
    if not wanted:
        raise InvalidScopeError("The request names no scope, and the client has none.")
    return wanted
