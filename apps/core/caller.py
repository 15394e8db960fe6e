"""Who calls a backend: the signed ``Trellis-Caller`` header.

A compact JWS (RFC 7515) with HS256 under a key that belongs to one backend. It names its audience,
method and path and lives 30 s, so that no upstream can replay it elsewhere. HS256 because both ends
are ours: signing costs 5 us of CPU, Ed25519 would cost 39. What is the same for every request of a
caller is encoded once: ``sign`` is ``standing`` and ``seal``.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import orjson

from apps.core import macs

HEADER = "Trellis-Caller"
LIFE = 30  # seconds of real time
_PREFIX = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=") + b"."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request is from, as the gateway found it.

    ``subject`` is the end user (``usr_…``) of an access token, ``credential`` the key's or token's
    identifier, ``livemode`` false in a sandbox.
    """

    request_id: str
    application: str
    organization: str
    tenant: str
    livemode: bool
    credential: str
    scopes: frozenset[str]
    plan: str = ""
    subject: str | None = None


class Refused(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """The header is missing, forged, stale, or meant for another request."""


def key_for(backend: str, root: bytes) -> bytes:
    """Return the signing key of ``backend``, derived from the installation's ``root``."""
    return macs.digest(root, b"trellis-caller:" + backend.encode())


def sign(caller: Caller, *, audience: str, method: str, path: str, key: bytes, now: float) -> str:
    """Return the header's value for one request; ``now`` is in seconds since 1970."""
    return seal(
        standing(caller),
        request_id=caller.request_id,
        audience=audience,
        method=method,
        path=path,
        key=key,
        now=now,
    )


def standing(caller: Caller) -> bytes:
    """Return the claims that are the same for every request of a caller, ready for ``seal``."""
    claims = {
        "app": caller.application,
        "org": caller.organization,
        "tnt": caller.tenant,
        "liv": caller.livemode,
        "key": caller.credential,
        "scp": " ".join(sorted(caller.scopes)),
        "pln": caller.plan,
        "sub": caller.subject,
    }
    text = orjson.dumps(claims)[:-1] + b","
    # Whole groups of three bytes, so that what follows can be encoded on its own.
    return _PREFIX + urlsafe_b64encode(text + b" " * (-len(text) % 3))


def seal(
    standing: bytes,
    *,
    request_id: str,
    audience: str,
    method: str,
    path: str,
    key: bytes,
    now: float,
) -> str:
    """Return the header's value: what ``standing`` returned, the request's own claims, the tag."""
    claims = {
        "aud": audience,
        "iat": int(now),
        "exp": int(now) + LIFE,
        "mth": method,
        "pth": path,
        "rid": request_id,
    }
    signed = standing + urlsafe_b64encode(orjson.dumps(claims)[1:]).rstrip(b"=")
    tag = macs.digest(key, signed)
    return (signed + b"." + urlsafe_b64encode(tag).rstrip(b"=")).decode()


def verify(token: str, *, audience: str, method: str, path: str, key: bytes, now: float) -> Caller:
    """Return the caller that ``token`` names; Refused when it is not for this very request."""
    claims = _claims(token, key)
    try:
        expected = {"aud": audience, "mth": method, "pth": path}
        for name, value in expected.items():
            if claims[name] != value:
                raise Refused(f"The caller header is for another request ({name}).")
        _in_time(float(claims["exp"]), now)
        return Caller(
            request_id=claims["rid"],
            application=claims["app"],
            organization=claims["org"],
            tenant=claims["tnt"],
            livemode=claims["liv"],
            credential=claims["key"],
            scopes=frozenset(claims["scp"].split()),
            plan=claims["pln"],
            subject=claims["sub"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # Only a gateway of another release signs this.
        raise Refused("The caller header lacks what this release needs.") from error


def _in_time(expiry: float, now: float) -> None:
    """Refuse what has expired, and what is from the future; clocks may differ by a second."""
    if expiry < now - 1:
        raise Refused("The caller header has expired.")
    if expiry > now + LIFE + 1:
        raise Refused("The caller header is not valid yet.")


def _claims(token: str, key: bytes) -> dict[str, Any]:
    signed, _, tag = token.encode("ascii", "replace").rpartition(b".")
    expected = urlsafe_b64encode(macs.digest(key, signed)).rstrip(b"=")
    if not signed.startswith(_PREFIX) or not hmac.compare_digest(tag, expected):
        raise Refused("The caller header is not signed by this gateway.")
    payload = signed[len(_PREFIX) :]
    claims: dict[str, Any] = orjson.loads(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    return claims
