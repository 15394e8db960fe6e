"""DPoP proofs (RFC 9449), read without asking anyone. Pure: the gateway reads them here too.

Reading one costs a signature's check and about 30 us: what follows from its header, which a client
repeats with every proof, is remembered.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidSignature

from apps.core import jose
from apps.core.jose import Bad, Verify

ALGORITHMS: Final = jose.ALGORITHMS
LONGEST: Final = 4096
LONGEST_HEADER: Final = 2048  # of those characters: it carries the key
JTI: Final = range(1, 257)  # characters; an honest one has 16 to 40
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class BadProof(ValueError):  # noqa: N818 - as in secrets: named after what it says
    """The text is no proof for this request."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof that fits its request says. Whether ``jti`` is new is for others to know."""

    jkt: str
    jti: str
    nonce: str
    ath: str


class Holder(NamedTuple):
    """Whose proof it is."""

    jkt: str
    verify: Verify


def read(text: str, *, method: str, url: str, now: float, window: float) -> Proof:
    """Return what ``text`` proves for this request; BadProof says in a sentence what is wrong."""
    try:
        parts = jose.split(text, most=LONGEST)
        holder = _holder(parts.header)
        claims = jose.members(parts.payload)
        holder.verify(parts.signature, parts.signed)
    except Bad as bad:
        raise BadProof(f"The DPoP header must hold one good proof: {bad}.") from None
    except InvalidSignature:
        raise BadProof("The signature of the DPoP proof does not fit its jwk.") from None
    _for_this(claims, method=method, url=url, now=now, window=window)
    return Proof(
        jkt=holder.jkt,
        jti=claims["jti"],
        nonce=_text(claims, "nonce"),
        ath=_text(claims, "ath"),
    )


def hash_of(access_token: str) -> str:
    """Return what a proof's ``ath`` says of the access token it is sent with."""
    return jose.encode(hashlib.sha256(access_token.encode()).digest())


def same_address(one: str, other: str) -> bool:
    """Compare two addresses without query and fragment, as RFC 3986 normalises them."""
    try:
        return one == other or _normal(one) == _normal(other)
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _holder(text: str) -> Holder:
    if len(text) > LONGEST_HEADER:
        raise Bad(f"its header has more than {LONGEST_HEADER} characters")
    header = jose.members(text)
    if header.get("typ") != "dpop+jwt":
        raise Bad("its typ is not dpop+jwt")
    if "crit" in header or "b64" in header:
        raise Bad("it asks for extensions that are not used here")
    verify = jose.verifier(header.get("jwk"), header.get("alg"))
    return Holder(jose.thumbprint(header["jwk"]), verify)


def _for_this(claims: dict[str, Any], *, method: str, url: str, now: float, window: float) -> None:
    if claims.get("htm") != method:
        raise BadProof(f"The htm of the DPoP proof must be {method}.")
    if not same_address(_text(claims, "htu"), url):
        raise BadProof(f"The htu of the DPoP proof must be {url}.")
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise BadProof("The iat of the DPoP proof must be a number.")
    if not now - window <= issued <= now + window:
        raise BadProof(
            f"The iat of the DPoP proof must be within {window:.0f} seconds of now, {now:.0f}."
        )
    if len(_text(claims, "jti")) not in JTI:
        raise BadProof("A DPoP proof has a jti of at most 256 characters.")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _normal(address: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        raise ValueError(address)
    scheme = parts.scheme.lower()
    port = parts.port or DEFAULT_PORTS.get(scheme)
    return scheme, (parts.hostname or "").lower(), port, unquote(parts.path) or "/"
