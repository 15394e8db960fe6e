"""Clients that sign for themselves: ``private_key_jwt`` (RFC 7523, OpenID Connect Core 9)."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from apps.core import clock
from apps.oauth import lifetimes
from apps.oauth.models import Client
from apps.oauth.proofs import first_use

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("ES256", "ES384", "PS256", "RS256", "EdDSA")
LONGEST: Final = 8192
PATHS: Final = ("", "/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke")


def subject(assertion: str) -> str:
    """Return which client an assertion speaks of, before anything of it is believed."""
    return _text(_members(assertion, 1), "sub")


def verify(assertion: str, client: Client) -> None:
    """Refuse an assertion that ``client`` did not sign for us, just now, and for the first time."""
    header = _members(assertion, 0)
    if header.get("alg") not in ALGORITHMS:
        raise InvalidClientError(f"The assertion's alg is one of {', '.join(ALGORITHMS)}.")
    claims = _signed(assertion, header, client)
    if not _text(claims, "iss") == _text(claims, "sub") == client.client_id:
        raise InvalidClientError("The assertion's iss and sub are the client_id.")
    audience = claims.get("aud")
    accepted = {f"{settings.PORTAL_URL}{path}" for path in PATHS}
    if not accepted.intersection(_listed(audience)):
        raise InvalidClientError(f"The assertion's aud must be {settings.PORTAL_URL}.")
    until = _in_time(claims)
    jti = _text(claims, "jti")
    if not jti or not first_use("assertion", client.client_id, jti, until=until):
        raise InvalidClientError("The assertion needs a jti that was not used before.")


def _signed(assertion: str, header: Mapping[str, Any], client: Client) -> dict[str, Any]:
    for jwk in _keys(client, header.get("kid")):
        signed = JWS()
        signed.allowed_algs = [header["alg"]]
        try:
            signed.deserialize(assertion, JWK(**jwk))
            claims = json.loads(signed.payload)
        except Exception:  # noqa: BLE001, S112 - a key of another kind; whatever a stranger signed
            continue
        if isinstance(claims, dict):
            return claims
    raise InvalidClientError("The assertion is not signed with one of the client's keys.")


def _keys(client: Client, kid: object) -> list[dict[str, Any]]:
    keys = (client.jwks or {}).get("keys") if isinstance(client.jwks, dict) else None
    known = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    named = [key for key in known if kid and key.get("kid") == kid]
    return named or [key for key in known if not kid or "kid" not in key]


def _in_time(claims: Mapping[str, Any]) -> datetime:
    now, skew = clock.real().timestamp(), lifetimes.SKEW.total_seconds()
    until, since = _date(claims.get("exp")), _date(claims.get("nbf", claims.get("iat", 0)))
    if until is None or since is None or until + skew < now or since - skew > now:
        raise InvalidClientError("The assertion has expired, or is not valid yet.")
    if until - now > lifetimes.ASSERTION.total_seconds() + skew:
        raise InvalidClientError("An assertion lives for five minutes at most.")
    return datetime.fromtimestamp(until + skew, UTC)


def _date(value: object) -> float | None:
    return value if isinstance(value, int | float) and 0 <= value < 1 << 36 else None


def _members(assertion: str, number: int) -> dict[str, Any]:
    parts = assertion.split(".") if len(assertion) <= LONGEST else []
    members = None
    if len(parts) == 3:  # noqa: PLR2004 - as every JWS
        with suppress(ValueError, RecursionError):
            members = json.loads(urlsafe_b64decode(parts[number] + "=" * (-len(parts[number]) % 4)))
    if not isinstance(members, dict):
        raise InvalidClientError("The client_assertion is no signed JWT.")
    return members


def _listed(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item.rstrip("/") for item in values if isinstance(item, str)]


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
