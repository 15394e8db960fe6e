"""What a client may learn about its own tokens (RFC 7662), and ending them (RFC 7009)."""

import hashlib
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from oauthlib.oauth2.rfc6749.errors import OAuth2Error, UnauthorizedClientError

from apps.core import clock
from apps.oauth import authentication, families, lifetimes
from apps.oauth.forms import Form
from apps.oauth.models import AccessToken, Client, RefreshToken
from apps.oauth.tokens import OK, Reply, refusal

INACTIVE: Final = {"active": False}


@transaction.atomic
def introspect(form: Form) -> Reply:
    """Describe a token to the client it was issued to; to any other it does not exist."""
    try:
        client = authentication.identify(form, confidential=True)
        checksum = _checksum(form.need("token"))
    except OAuth2Error as refused:
        return refusal(refused)
    access, refresh = _found(checksum, client)
    if access is not None and _usable(access):
        return Reply(OK, _access(access))
    if refresh is not None and _renewable(refresh):
        return Reply(OK, _refresh(refresh))
    return Reply(OK, dict(INACTIVE))


@transaction.atomic
def revoke(form: Form) -> Reply:
    """End a token: a refresh token with its whole family, an access token alone."""
    try:
        client = authentication.identify(form)
        checksum = _checksum(form.need("token"))
        _not_anothers(checksum, client)
    except OAuth2Error as refused:
        return refusal(refused)
    access, refresh = _found(checksum, client)
    if refresh is not None:
        families.end(refresh.token_family, reason="revoked_by_client", actor=client.client_id[:40])
    elif access is not None:
        families.revoke_access_token(
            access, reason="revoked_by_client", actor=client.client_id[:40]
        )
    return Reply(OK, None)


def _found(checksum: str, client: Client) -> tuple[AccessToken | None, RefreshToken | None]:
    own = {"token_checksum": checksum, "application": client}
    access = AccessToken.objects.select_related("user", "application").filter(**own).first()
    if access is not None:
        return access, None
    refreshing = RefreshToken.objects.select_related("user", "application").filter(**own)
    return None, refreshing.order_by("-pk").first()


def _not_anothers(checksum: str, client: Client) -> None:
    for model in (AccessToken, RefreshToken):
        others = model.objects.filter(token_checksum=checksum).exclude(application=client)
        if others.exists():
            raise UnauthorizedClientError("The token was issued to another client.")


def _usable(token: AccessToken) -> bool:
    return token.is_valid() and (token.user is None or token.user.is_active)


def _renewable(token: RefreshToken) -> bool:
    return token.revoked is None and token.user.is_active and _end(token) > clock.real()


def _end(token: RefreshToken) -> datetime:
    idle: datetime = token.created + lifetimes.REFRESH_TOKEN_IDLE
    return min(idle, token.ends_at) if token.ends_at else idle


def _access(token: AccessToken) -> dict[str, Any]:
    return _both(token, ends=token.expires) | {"token_type": "DPoP" if token.jkt else "Bearer"}


def _refresh(token: RefreshToken) -> dict[str, Any]:
    return _both(token, ends=_end(token)) | {"token_type": "refresh_token"}


def _both(token: AccessToken | RefreshToken, *, ends: datetime) -> dict[str, Any]:
    said: dict[str, Any] = {
        "active": True,
        "iss": settings.PORTAL_URL,
        "sub": token.user_id or token.application.client_id,
        "client_id": token.application.client_id,
        "scope": token.scope,
        "aud": token.resource or [settings.API_URL],
        "iat": int(token.created.timestamp()),
        "exp": int(ends.timestamp()),
    }
    if token.tenant_id:
        said["tenant"] = token.tenant_id
    if token.auth_time:
        said["auth_time"] = int(token.auth_time.timestamp())
    if token.jkt:
        said["cnf"] = {"jkt": token.jkt}
    return said


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
