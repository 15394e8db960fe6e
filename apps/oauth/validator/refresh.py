"""Refreshing: each token once, a second use ends its family, none lives on for ever."""

import hashlib
from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from apps.oauth import families, lifetimes, resources, scopes, standing
from apps.oauth.exchange import Exchange
from apps.oauth.models import Client, RefreshToken


class Refresh:
    """A used refresh token stays as a row, so that a second use is noticed."""

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Any, *_: Any, **__: Any
    ) -> bool:
        """Refuse whatever is wrong with the token; a replay ends all that came from it."""
        exchange: Exchange = request.exchange
        token = _locked(refresh_token)
        if token.application_id != client.pk:
            raise InvalidGrantError("The refresh token was issued to another client.")
        if token.revoked is not None:
            families.end(token.token_family, reason="refresh_token_replayed", actor=None)
            raise InvalidGrantError(
                "The refresh token was used or revoked before. What came from it is revoked too."
            )
        _check_age(token, exchange)
        if token.jkt and token.jkt != exchange.jkt:
            raise InvalidGrantError("The refresh token is bound to another DPoP key.")
        standing.check_person(token)
        exchange.source, exchange.tenant = token, token.tenant
        exchange.resources = resources.narrow(
            exchange.form.resources,
            token.resource or [],
            organization=client.application.organization_id,
        )
        request.user = token.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, *_: Any, **__: Any) -> str:
        """Return what was agreed to, without what the client may not have any more."""
        return " ".join(scopes.still_allowed(request.client, request.exchange.source.scope))

    def is_within_original_scope(self, *_: Any, **__: Any) -> bool:
        """Nothing beyond what was agreed to."""
        return False

    def rotate_refresh_token(self, request: Any) -> bool:
        """Rotate always."""
        return True

    def refresh_id_token(self, request: Any) -> bool:
        """Tell who signed in again, as OpenID Connect Core 12.2 allows."""
        return True


def _locked(text: str) -> RefreshToken:
    """Return the token's row as it is while nobody else may use it."""
    checksum = hashlib.sha256(text.encode()).hexdigest()
    found = RefreshToken.objects.filter(token_checksum=checksum).order_by("-pk").first()
    if found is None:
        raise InvalidGrantError("There is no such refresh token.")
    families.lock(found.token_family)
    return RefreshToken.objects.select_related("user", "tenant", "answered_by").get(pk=found.pk)


def _check_age(token: RefreshToken, exchange: Exchange) -> None:
    if token.ends_at is not None and token.ends_at <= exchange.now:
        raise InvalidGrantError("The authorization has ended: the end user must sign in again.")
    if token.created + lifetimes.REFRESH_TOKEN_IDLE <= exchange.now:
        raise InvalidGrantError("The refresh token was not used for too long.")
