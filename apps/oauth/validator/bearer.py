"""What is stored when tokens are handed out, and which tokens count."""

import hashlib
from typing import Any

from django.db import transaction
from oauth2_provider.models import set_token_value

from apps.oauth import claims, lifetimes
from apps.oauth.exchange import Exchange
from apps.oauth.models import AccessToken, Grant, RefreshToken


class Bearer:
    """Access tokens and refresh tokens; only their digests are stored."""

    @transaction.atomic
    def save_bearer_token(self, token: dict[str, Any], request: Any, *_: Any, **__: Any) -> None:
        """Store what ``token`` hands out, and retire the refresh token that was used for it."""
        exchange: Exchange = request.exchange
        access = AccessToken(
            user=exchange.user,
            application=exchange.client,
            secret=exchange.client.proved_with,
            scope=token["scope"],
            expires=exchange.now + lifetimes.ACCESS_TOKEN,
            resource=exchange.resources,
            family=exchange.family,
            jkt=exchange.jkt,
            **exchange.inherited,
        )
        set_token_value(access, token["access_token"])
        access.save()
        source = exchange.source
        if isinstance(source, RefreshToken):
            RefreshToken.objects.filter(pk=source.pk).update(revoked=exchange.now)
        if "refresh_token" in token:
            _save_refresh_token(token["refresh_token"], exchange, access)

    def get_id_token(self, token: dict[str, Any], token_handler: Any, request: Any) -> str:
        """Return who signed in, signed."""
        exchange: Exchange = request.exchange
        source = exchange.source
        return claims.id_token(
            client=exchange.client,
            user=request.user,
            scopes=request.scopes,
            nonce=source.nonce if isinstance(source, Grant) else "",
            auth_time=exchange.inherited["auth_time"],
            sid=exchange.inherited["sid"],
            access_token=token["access_token"],
            claims_request=getattr(source, "claims", "") or None,
            now=exchange.now,
        )

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Tell whether ``token`` is an access token that is good for ``scopes``."""
        checksum = hashlib.sha256((token or "").encode(errors="replace")).hexdigest()
        found = (
            AccessToken.objects.usable()
            .select_related("application", "user")
            .filter(token_checksum=checksum)
            .first()
        )
        if found is None or (found.user is not None and not found.user.is_active):
            return False
        request.client, request.user, request.access_token = found.application, found.user, found
        request.scopes = found.scope.split()
        return set(scopes or ()).issubset(request.scopes)

    def validate_jwt_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Look a JWT up like any other access token; an ID token is none."""
        return self.validate_bearer_token(token, scopes, request)

    def validate_id_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Refuse: an ID token tells a client who signed in, and opens nothing."""
        return False


def _save_refresh_token(text: str, exchange: Exchange, access: AccessToken) -> None:
    """Store a refresh token, which ends when the first of its family would have."""
    source = exchange.source
    end = source.ends_at if isinstance(source, RefreshToken) else None
    refresh = RefreshToken(
        user=exchange.user,
        application=exchange.client,
        access_token=access,
        token_family=exchange.family,
        scope=source.scope if source is not None else "",
        claims=getattr(source, "claims", "") or "",
        resource=getattr(source, "resource", None) or [],
        jkt=exchange.jkt if exchange.client.is_public else "",
        ends_at=end or exchange.now + lifetimes.REFRESH_TOKEN,
        **exchange.inherited,
    )
    set_token_value(refresh, text)
    refresh.save()
