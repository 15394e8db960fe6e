"""Clients that sign for themselves: ``private_key_jwt`` (RFC 7523, OpenID Connect Core 9)."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from apps.core import clock, jose
from apps.oauth import lifetimes
from apps.oauth.models import Client
from apps.oauth.proofs import first_use

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = jose.ALGORITHMS
LONGEST: Final = 8192
LONGEST_JTI: Final = 256
ENDPOINTS: Final = ("token", "par", "device_authorization", "introspect", "revoke")


def subject(assertion: str) -> str:
    """Return which client an assertion speaks of, before anything of it is believed."""
    return _text(_parts(assertion)[2], "sub")


def verify(assertion: str, client: Client) -> None:
    """Refuse an assertion that ``client`` did not sign for us, just now, and for the first time."""
    signed, header, claims = _parts(assertion)
    _check_signature(signed, header, client)
    if not _text(claims, "iss") == _text(claims, "sub") == client.client_id:
        raise InvalidClientError("The assertion's iss and sub are the client_id.")
    if not _audiences().intersection(_listed(claims.get("aud"))):
        raise InvalidClientError(f"The assertion's aud must be {settings.PORTAL_URL}.")
    until, jti = _in_time(claims), _text(claims, "jti")
    if not 1 <= len(jti) <= LONGEST_JTI:
        raise InvalidClientError(f"An assertion has a jti of at most {LONGEST_JTI} characters.")
    if not first_use("assertion", client.client_id, jti, until=until):
        raise InvalidClientError("This assertion was used before.")


def _check_signature(signed: jose.Signed, header: Mapping[str, Any], client: Client) -> None:
    if header.get("alg") not in ALGORITHMS:
        raise InvalidClientError(f"The assertion's alg is one of {', '.join(ALGORITHMS)}.")
    if "crit" in header:
        raise InvalidClientError("The assertion asks for extensions that are not used here.")
    for key in _keys(client, header.get("kid")):
        with suppress(jose.Bad, InvalidSignature):
            jose.verifier(key, header["alg"])(signed.signature, signed.signed)
            return
    raise InvalidClientError("The assertion is not signed with one of the client's keys.")


def _keys(client: Client, kid: object) -> Iterator[Any]:
    """Yield the keys that may have signed: the one that is named, or those without a name."""
    keys = client.jwks.get("keys") if isinstance(client.jwks, dict) else None
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, dict) and (not kid or key.get("kid", kid) == kid):
            yield key


def _in_time(claims: Mapping[str, Any]) -> datetime:
    now, skew = clock.real().timestamp(), lifetimes.SKEW.total_seconds()
    until, since = _date(claims.get("exp")), _date(claims.get("nbf", claims.get("iat", 0)))
    if until is None or since is None or until + skew < now or since - skew > now:
        raise InvalidClientError("The assertion has expired, or is not valid yet.")
    if until - now > lifetimes.ASSERTION.total_seconds() + skew:
        raise InvalidClientError("An assertion lives for an hour at most.")
    return datetime.fromtimestamp(until + skew, UTC)


def _date(value: object) -> float | None:
    return value if isinstance(value, int | float) and 0 <= value < 1 << 36 else None


def _parts(assertion: str) -> tuple[jose.Signed, dict[str, Any], dict[str, Any]]:
    try:
        signed = jose.split(assertion, most=LONGEST)
        return signed, jose.members(signed.header), jose.members(signed.payload)
    except jose.Bad as bad:
        raise InvalidClientError(f"The client_assertion is no signed JWT: {bad}.") from bad


def _audiences() -> set[str]:
    portal = settings.PORTAL_URL
    return {portal, *(f"{portal}/oauth/{endpoint}" for endpoint in ENDPOINTS)}


def _listed(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item.rstrip("/") for item in values if isinstance(item, str)]


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
