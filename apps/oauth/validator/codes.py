"""Redeeming an authorization code: once, in time, by its client, with the verifier and the key."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Any, Final
from uuid import uuid4

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from apps.core import clock
from apps.oauth import families, resources, scopes, standing
from apps.oauth.exchange import Exchange
from apps.oauth.models import Client, Grant

VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def digest(code: str) -> str:
    """Return how a code stands in the database."""
    return hashlib.sha256(code.encode()).hexdigest()


class Codes:
    """Codes stay as rows after their use, so that a second use is noticed."""

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Any, *_: Any, **__: Any
    ) -> bool:
        """Refuse whatever is wrong with the code; a replay ends all that came from it."""
        exchange: Exchange = request.exchange
        grant = _locked(code)
        if grant.application_id != client.pk:
            raise InvalidGrantError("The code was issued to another client.")
        if grant.redeemed_at is not None:
            families.end(grant.family, reason="code_replayed", actor=None)
            raise InvalidGrantError(
                "The code was used before. What came from it is revoked: it may have been stolen."
            )
        if grant.expires <= exchange.now:
            raise InvalidGrantError("The code has expired: a minute is all it has.")
        _check_verifier(grant, exchange.form.get("code_verifier"))
        if grant.jkt and grant.jkt != exchange.jkt:
            raise InvalidGrantError("The code is bound to another DPoP key.")
        standing.check_person(grant)
        exchange.source, exchange.tenant = grant, grant.tenant
        exchange.resources = resources.narrow(
            exchange.form.resources,
            grant.resource or [],
            organization=client.application.organization_id,
        )
        request.user, request.scopes = grant.user, scopes.still_allowed(client, grant.scope)
        return True

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Every client, also one with a secret."""
        return True

    def get_code_challenge(self, code: str, request: Any) -> str:
        """Return what the verifier was measured against."""
        return str(request.exchange.source.code_challenge)

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        """Return the only one there is; ``plain`` is none."""
        return str(Grant.CODE_CHALLENGE_S256)

    def get_default_redirect_uri(self, client_id: str, request: Any, *_: Any, **__: Any) -> str:
        """OAuth 2.1 leaves redirect_uri out of the token request: PKCE binds the code better."""
        return str(request.exchange.source.redirect_uri)

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, *args: Any, **_: Any
    ) -> bool:
        """Compare a redirect_uri that is sent, character by character."""
        if redirect_uri != args[0].exchange.source.redirect_uri:
            raise InvalidGrantError("The redirect_uri is not the one of the authorization.")
        return True

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *_: Any, **__: Any
    ) -> None:
        """Spend the code."""
        Grant.objects.filter(pk=request.exchange.source.pk).update(redeemed_at=clock.real())

    def get_authorization_code_nonce(
        self, client_id: str, code: str, redirect_uri: str, request: Any
    ) -> str:
        """Return what the ID token repeats."""
        return str(request.exchange.source.nonce)

    def get_authorization_code_scopes(
        self, client_id: str, code: str, redirect_uri: str, request: Any
    ) -> list[str]:
        """Return what was agreed to."""
        grant = Grant.objects.filter(code=digest(code)).first()
        return grant.scope.split() if grant else []


def _locked(code: str) -> Grant:
    """Return the code's row as it is while nobody else may use it."""
    found = Grant.objects.filter(code=digest(code)).first()
    if found is None:
        raise InvalidGrantError("There is no such code.")
    if found.family is None:
        Grant.objects.filter(pk=found.pk, family=None).update(family=uuid4())
        found.refresh_from_db(fields=["family"])
    families.lock(found.family)
    return Grant.objects.select_related("user", "tenant", "answered_by").get(pk=found.pk)


def _check_verifier(grant: Grant, verifier: str) -> None:
    if not verifier:
        raise InvalidGrantError("The code_verifier is missing.")
    if not VERIFIER.fullmatch(verifier):
        raise InvalidGrantError("A code_verifier has 43 to 128 unreserved characters.")
    hashed = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    fits = hmac.compare_digest(hashed, grant.code_challenge)
    if grant.code_challenge_method != Grant.CODE_CHALLENGE_S256 or not fits:
        raise InvalidGrantError("The code_verifier does not fit the code_challenge.")
