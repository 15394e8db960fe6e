"""Signed JSON as tokens and proofs carry it (RFC 7515, 7517, 7518, 7638): read with suspicion.

A key is chosen by us, or is the very key that a proof is about; a header names neither algorithm
nor place of a key that we had not accepted before.
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

ALPHABET = re.compile(r"[\w-]+", re.ASCII)
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
THUMBPRINT = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
RSA_BITS = range(2048, 4097)  # a larger key would cost more than its caller is worth
EXPONENT = 65_537
CURVES: dict[str, tuple[str, ec.EllipticCurve, ec.ECDSA]] = {
    "ES256": ("P-256", ec.SECP256R1(), ec.ECDSA(SHA256())),
    "ES384": ("P-384", ec.SECP384R1(), ec.ECDSA(SHA384())),
}
EDWARDS = ("EdDSA", "Ed25519")  # RFC 9864 gave the same algorithm a name that says the curve
ALGORITHMS = ("ES256", "ES384", "RS256", "PS256", *EDWARDS)

Verify = Callable[[bytes, bytes], None]  # signature, what was signed; InvalidSignature when not


class Bad(ValueError):  # noqa: N818 - named after what it says
    """The text is no signed JSON that can be trusted; the message says why."""


class Signed(NamedTuple):
    """The parts of a compact JWS; nothing is verified yet."""

    header: str
    payload: str
    signature: bytes
    signed: bytes


def split(text: str, *, most: int) -> Signed:
    """Return the parts of a compact JWS of at most ``most`` characters."""
    if len(text) > most:
        raise Bad(f"it has {len(text)} characters, and {most} are accepted")
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise Bad("it does not have three parts")
    header, payload, signature = parts
    signed = f"{header}.{payload}".encode("ascii", "replace")
    return Signed(header, payload, decode(signature), signed)


def decode(text: Any) -> bytes:
    """Return the bytes of base64url without padding; anything else is refused."""
    if not isinstance(text, str) or not ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise Bad("a part of it is not base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def members(text: str) -> dict[str, Any]:
    """Return the JSON object that a part of a JWS holds."""
    try:
        found = orjson.loads(decode(text))
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Bad("a part of it is not a JSON object")
    return found


def thumbprint(jwk: dict[str, Any]) -> str:
    """Return the name of a key that follows from it (RFC 7638)."""
    named = {name: jwk[name] for name in THUMBPRINT[jwk["kty"]]}
    text = orjson.dumps(named, option=orjson.OPT_SORT_KEYS)
    return encode(hashlib.sha256(text).digest())


def verifier(jwk: Any, algorithm: Any) -> Verify:
    """Return what checks signatures of a public key under one algorithm; Bad for odd keys."""
    if not isinstance(jwk, dict):
        raise Bad("it carries no key")
    if found := PRIVATE.intersection(jwk):
        raise Bad(f"its key holds private parts ({', '.join(sorted(found))})")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Bad(f"its alg is none of {', '.join(ALGORITHMS)}")
    try:
        if algorithm in CURVES:
            return _ecdsa(jwk, algorithm)
        return _eddsa(jwk) if algorithm in EDWARDS else _rsa(jwk, algorithm)
    except Bad:
        raise
    except ValueError:
        raise Bad("its key is no point or number that can be used") from None


def _kind(jwk: dict[str, Any], kty: str, curve: str | None = None) -> None:
    if jwk.get("kty") != kty or (curve and jwk.get("crv") != curve):
        raise Bad("its key is of another kind than its alg")


def _ecdsa(jwk: dict[str, Any], algorithm: str) -> Verify:
    name, curve, scheme = CURVES[algorithm]
    _kind(jwk, "EC", name)
    size = (curve.key_size + 7) // 8
    x, y = decode(jwk.get("x")), decode(jwk.get("y"))
    if len(x) != size or len(y) != size:
        raise Bad("its key has coordinates of a wrong length")
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + x + y)

    def verify(signature: bytes, signed: bytes) -> None:
        if len(signature) != 2 * size:
            raise InvalidSignature
        halves = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
        key.verify(encode_dss_signature(*halves), signed, scheme)

    return verify


def _eddsa(jwk: dict[str, Any]) -> Verify:
    _kind(jwk, "OKP", "Ed25519")
    key = ed25519.Ed25519PublicKey.from_public_bytes(decode(jwk.get("x")))
    return key.verify


def _rsa(jwk: dict[str, Any], algorithm: str) -> Verify:
    _kind(jwk, "RSA")
    n, e = (int.from_bytes(decode(jwk.get(name)), "big") for name in "ne")
    if n.bit_length() not in RSA_BITS or e != EXPONENT:
        raise Bad("its RSA key does not have 2048 to 4096 bits and the exponent 65537")
    key = rsa.RSAPublicNumbers(e, n).public_key()
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm == "PS256":
        scheme = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)

    def verify(signature: bytes, signed: bytes) -> None:
        key.verify(signature, signed, scheme, SHA256())

    return verify
