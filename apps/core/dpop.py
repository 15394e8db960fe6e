"""DPoP proofs (RFC 9449), read without asking anyone. Pure: a gateway can read them too."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

ALGORITHMS: Final = ("ES256", "ES384", "PS256", "RS256", "EdDSA")
LONGEST: Final = 4096
RSA_DIGITS: Final = range(342, 684)  # of n in base64url: 2048 to 4096 bits
KEY_PARTS: Final = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("n", "e")}
SECRETS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
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


def read(text: str, *, method: str, url: str, now: float, window: float) -> Proof:
    """Return what ``text`` proves for this request; BadProof says in a sentence what is wrong."""
    if not text.isascii() or len(text) > LONGEST or text.count(".") != 2:  # noqa: PLR2004 - a JWS has two
        raise BadProof("The DPoP header must hold one JWT.")
    header = _members(text.split(".", 1)[0])
    if header.get("typ") != "dpop+jwt":
        raise BadProof("The typ of a DPoP proof is dpop+jwt.")
    if header.get("alg") not in ALGORITHMS:
        raise BadProof(f"The alg of a DPoP proof is one of {', '.join(ALGORITHMS)}.")
    key = _public(header.get("jwk"))
    claims = _verified(text, key, header["alg"])
    _for_this(claims, method=method, url=url, now=now, window=window)
    return Proof(
        jkt=str(key.thumbprint()),
        jti=claims["jti"],
        nonce=_text(claims, "nonce"),
        ath=_text(claims, "ath"),
    )


def hash_of(access_token: str) -> str:
    """Return what a proof's ``ath`` says of the access token it is sent with."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def same_address(one: str, other: str) -> bool:
    """Compare two addresses without query and fragment, as RFC 3986 normalises them."""
    try:
        return _normal(one) == _normal(other)
    except ValueError:
        return False


def _public(jwk: Any) -> JWK:
    parts = KEY_PARTS.get(str(jwk.get("kty"))) if isinstance(jwk, dict) else None
    if not isinstance(jwk, dict) or parts is None or SECRETS.intersection(jwk):
        raise BadProof("The jwk of a DPoP proof is a public key.")
    if jwk["kty"] == "RSA" and (len(str(jwk.get("n"))) not in RSA_DIGITS or jwk.get("e") != "AQAB"):
        raise BadProof("An RSA key has 2048 to 4096 bits and the exponent 65537.")
    try:
        return JWK(**{name: jwk[name] for name in ("kty", *parts)})
    except Exception as error:
        raise BadProof("The jwk of a DPoP proof is no usable key.") from error


def _verified(text: str, key: JWK, algorithm: str) -> dict[str, Any]:
    signed = JWS()
    signed.allowed_algs = [algorithm]
    try:
        signed.deserialize(text, key)
        claims = json.loads(signed.payload)
    except Exception as error:
        raise BadProof("The signature of the DPoP proof does not fit its jwk.") from error
    if not isinstance(claims, dict):
        raise BadProof("A DPoP proof holds claims.")
    return claims


def _for_this(claims: dict[str, Any], *, method: str, url: str, now: float, window: float) -> None:
    if claims.get("htm") != method:
        raise BadProof(f"The htm of the DPoP proof must be {method}.")
    if not same_address(_text(claims, "htu"), url):
        raise BadProof(f"The htu of the DPoP proof must be {url}.")
    issued = claims.get("iat")
    if not isinstance(issued, int | float) or not now - window <= issued <= now + window:
        raise BadProof(f"The iat of the DPoP proof must be within {window:.0f} seconds of now.")
    if not 1 <= len(_text(claims, "jti")) <= 256:  # noqa: PLR2004 - an honest one has 16 to 40
        raise BadProof("A DPoP proof has a jti of at most 256 characters.")


def _members(part: str) -> dict[str, Any]:
    try:
        members = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise BadProof("The DPoP header must hold one JWT.")
    return members


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _normal(address: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    port = parts.port or DEFAULT_PORTS.get(scheme)
    return scheme, (parts.hostname or "").lower(), port, parts.path or "/"
