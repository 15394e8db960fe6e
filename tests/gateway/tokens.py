"""Access tokens and proofs of possession, as the tests of the gateway make them."""

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from apps.core import secrets
from apps.oauth.models import AccessToken, Client
from tests.support import make


@dataclass
class Token:
    """A token's text and its row."""

    text: str
    row: AccessToken

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.text.encode()).digest()

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


def token(application: Any = None, *, text: str = "", live: bool = False, **fields: Any) -> Token:
    """Write a token of a new client down, good for an hour unless ``fields`` say otherwise."""
    owner = application or make.application()
    client = fields.pop("client", None) or Client.objects.create(
        name="Back office",
        application=owner,
        client_type=Client.CLIENT_CONFIDENTIAL,
        environment="live" if live else "sandbox",
        ip_allow=fields.pop("ip_allow", []),
    )
    tenant = fields.pop("tenant", None) or (
        make.live(owner.organization) if live else make.sandbox(owner.organization)
    )
    secret = text or secrets.mint("live" if live else "test", kind="a")
    told = {"scope": "shop:read", "expires": datetime.now(UTC) + timedelta(hours=1)} | fields
    row = AccessToken.objects.create(token=secret, application=client, tenant=tenant, **told)
    AccessToken.objects.filter(pk=row.pk).update(token="")
    return Token(secret, row)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: Any) -> str:
    return b64(json.dumps(value).encode())


def number(value: int, size: int) -> str:
    return b64(value.to_bytes(size, "big"))


class Keys:
    """A pair of keys that signs, under one algorithm."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self.kid = ""
        self.private: Any
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "ES384":
            self.private = ec.generate_private_key(ec.SECP384R1())
        elif algorithm in {"EdDSA", "Ed25519"}:
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, 2048)

    @property
    def jwk(self) -> dict[str, str]:
        public = self.private.public_key()
        if self.algorithm in {"EdDSA", "Ed25519"}:
            return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        numbers = public.public_numbers()
        if self.algorithm in {"RS256", "PS256"}:
            return {"kty": "RSA", "n": number(numbers.n, 256), "e": "AQAB"}
        size, curve = (32, "P-256") if self.algorithm == "ES256" else (48, "P-384")
        return {
            "kty": "EC",
            "crv": curve,
            "x": number(numbers.x, size),
            "y": number(numbers.y, size),
        }

    @property
    def thumbprint(self) -> str:
        text = json.dumps(dict(sorted(self.jwk.items())), separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())

    def sign(self, header: dict[str, Any], claims: Any) -> str:
        signed = f"{part(header)}.{part(claims)}"
        return f"{signed}.{b64(self._sign(signed.encode()))}"

    def _sign(self, data: bytes) -> bytes:
        signature: bytes
        if self.algorithm in {"EdDSA", "Ed25519"}:
            signature = self.private.sign(data)
        elif self.algorithm == "RS256":
            signature = self.private.sign(data, padding.PKCS1v15(), SHA256())
        elif self.algorithm == "PS256":
            scheme = padding.PSS(padding.MGF1(SHA256()), 32)
            signature = self.private.sign(data, scheme, SHA256())
        else:
            size = 32 if self.algorithm == "ES256" else 48
            hashed = ec.ECDSA(SHA256() if size == 32 else SHA384())
            halves = decode_dss_signature(self.private.sign(data, hashed))
            signature = b"".join(half.to_bytes(size, "big") for half in halves)
        return signature


def proof(
    keys: Keys,
    token: Token,
    *,
    url: str,
    method: str = "GET",
    nonce: str | None = None,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Return a proof; ``header`` and ``changes`` replace members, None leaves one out."""
    head = {"typ": "dpop+jwt", "alg": keys.algorithm, "jwk": keys.jwk} | (header or {})
    claims = {
        "jti": uuid4().hex,
        "htm": method,
        "htu": url,
        "iat": int(time.time()),
        "ath": b64(token.digest),
        "nonce": nonce,
    } | changes
    return keys.sign(
        {name: value for name, value in head.items() if value is not None},
        {name: value for name, value in claims.items() if value is not None},
    )
