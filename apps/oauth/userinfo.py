"""Who an access token speaks for (OpenID Connect Core, section 5.3).

The one resource on this origin. It asks PostgreSQL each time: a revoked token is refused at once.
"""

import hashlib
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from apps.oauth import claims, proofs, scopes, standing
from apps.oauth.errors import InvalidProofError, described
from apps.oauth.models import AccessToken

LONGEST: Final = 8192
SCHEMES: Final = ("bearer", "dpop")
ALGORITHMS: Final = " ".join(proofs.ALGORITHMS)


class Refused(Exception):  # noqa: N818 - named after what it says
    """The token does not open this. Without ``error`` none was sent (RFC 6750, section 3.1)."""

    def __init__(
        self, description: str, *, error: str = "invalid_token", scheme: str = "bearer"
    ) -> None:
        """``scheme`` is the one that the token was sent by."""
        super().__init__(description)
        self.error, self.scheme = error, scheme
        self.status = {
            "insufficient_scope": HTTPStatus.FORBIDDEN,
            "invalid_request": HTTPStatus.BAD_REQUEST,
        }.get(error, HTTPStatus.UNAUTHORIZED)


@transaction.atomic
def about(authorization: str, *, method: str, url: str, proof: str | None = None) -> dict[str, Any]:
    """Return the claims that the access token in ``authorization`` may know; or raise Refused."""
    scheme, token = _credential(authorization)
    found = _found(token, scheme)
    _bound(found, token, scheme, method=method, url=url, proof=proof)
    if scopes.OPENID not in found.scope.split() or found.user is None:
        raise Refused("This needs the scope openid.", error="insufficient_scope", scheme=scheme)
    return claims.userinfo(found.user, found.scope.split())


def challenges(refused: Refused) -> list[str]:
    """Return the values of ``WWW-Authenticate``: one scheme each, the error at the one used."""
    said = f'realm="{settings.PORTAL_URL}"'
    if refused.error:
        words = described(refused.error, str(refused))["error_description"]
        said += f', error="{refused.error}", error_description="{words}"'
    if refused.error == "insufficient_scope":
        said += f', scope="{scopes.OPENID}"'
    plain, bound = "Bearer", f'DPoP algs="{ALGORITHMS}"'
    if refused.scheme == "dpop":
        return [f"{bound}, {said}"]
    return [f"{plain} {said}", bound]


def _credential(authorization: str) -> tuple[str, str]:
    scheme, _, token = authorization.strip().partition(" ")
    scheme, token = scheme.lower(), token.strip()
    if scheme not in SCHEMES:
        raise Refused("Send an access token.", error="")
    if not token or len(token) > LONGEST or not token.isascii() or not token.isprintable():
        raise Refused("The access token is not well formed.", scheme=scheme)
    return scheme, token


def _found(token: str, scheme: str) -> AccessToken:
    checksum = hashlib.sha256(token.encode()).hexdigest()
    found = (
        AccessToken.objects.usable()
        .select_related("user", "application__application__organization")
        .filter(token_checksum=checksum)
        .first()
    )
    if found is None or (found.user_id and not found.user.is_active):
        raise Refused("The access token is unknown, expired or revoked.", scheme=scheme)
    try:
        standing.check_client(found.application)
    except InvalidClientError as error:
        raise Refused("The application may not act at present.", scheme=scheme) from error
    return found


def _bound(
    found: AccessToken, token: str, scheme: str, *, method: str, url: str, proof: str | None
) -> None:
    """Refuse a token that is bound to a key without a proof of that key (RFC 9449, section 7)."""
    if scheme != "dpop":
        if found.jkt:
            raise Refused("This token is bound to a key: send it by DPoP with a proof.")
        return
    if not found.jkt:
        raise Refused("This token is bound to no key: send it as Bearer.", scheme=scheme)
    if proof is None:
        error = "invalid_dpop_proof"
        raise Refused("The DPoP header is missing.", error=error, scheme=scheme)
    try:
        jkt = proofs.verify(proof, method=method, url=url, access_token=token)
    except InvalidProofError as error:
        said = str(error.description)
        raise Refused(said, error="invalid_dpop_proof", scheme=scheme) from error
    if jkt != found.jkt:
        raise Refused("The proof is of another key than the token's.", scheme=scheme)
