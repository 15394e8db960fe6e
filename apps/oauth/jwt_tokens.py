"""Access tokens that resource servers read by themselves (RFC 9068), for clients that ask for them.

They are stored and looked up like opaque ones, so that revoking one works at once here; only a
server that trusts the signature alone learns of it when the token expires.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.core import clock, ids
from apps.oauth import signing
from apps.oauth.models import Client
from apps.tenants.models import Tenant

TYPE = "at+jwt"


def access_token(
    *,
    client: Client,
    user: User | None,
    tenant: Tenant | None,
    scopes: Sequence[str],
    audience: Sequence[str],
    expires: datetime,
    jkt: str = "",
    auth_time: datetime | None = None,
) -> str:
    """Return a signed access token; without an ``audience`` (RFC 8707) it is for our APIs."""
    claims: dict[str, Any] = {
        "iss": settings.PORTAL_URL,
        "sub": user.pk if user else client.client_id,
        "aud": list(audience) or [settings.API_URL],
        "client_id": client.client_id,
        "iat": int(clock.real().timestamp()),
        "exp": int(expires.timestamp()),
        "jti": ids.new("jti"),
        "scope": " ".join(scopes),
        "livemode": client.livemode,
    }
    if tenant:
        claims["tenant"] = tenant.pk
    if auth_time:
        claims["auth_time"] = int(auth_time.timestamp())
    if jkt:
        claims["cnf"] = {"jkt": jkt}
    return signing.sign(claims, algorithm=client.id_token_algorithm, typ=TYPE)
