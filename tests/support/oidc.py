"""Reading tokens as a stranger does: with cryptography alone, from what we publish."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from oauth2_provider.models import set_token_value

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock, secrets
from apps.oauth.models import AccessToken, Client
from tests.support import make


def client(of: Application | None = None, **fields: Any) -> Client:
    """Make a confidential client of a sandbox."""
    values = {
        "name": "Back office",
        "client_type": Client.CLIENT_CONFIDENTIAL,
        "redirect_uris": "https://shop.example/callback",
        **fields,
    }
    made: Client = Client.objects.create(application=of or make.application(), **values)
    return made


def access_token(of: Client, user: User | None = None, scope: str = "openid", **fields: Any) -> str:
    """Hand out an access token and return its text."""
    text = fields.pop("text", "") or secrets.mint("test", kind="a")
    values = {"expires": clock.real() + timedelta(hours=1), "family": uuid4(), **fields}
    token = AccessToken(application=of, user=user, scope=scope, **values)
    set_token_value(token, text)
    token.save()
    return text


def proof(key: JWK, url: str, *, method: str = "GET", token: str = "", **claims: Any) -> str:
    """Return a DPoP proof (RFC 9449) for a request with ``token``."""
    values = {
        "htm": method,
        "htu": url,
        "iat": int(clock.real().timestamp()),
        "jti": uuid4().hex,
        "ath": encoded(hashlib.sha256(token.encode()).digest()),
        **claims,
    }
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.export_public(as_dict=True)}
    signed = JWS(json.dumps(values))
    signed.add_signature(key, protected=json.dumps(head))
    return str(signed.serialize(compact=True))


def raw(text: str) -> bytes:
    """Decode base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(value: Any) -> str:
    """Encode bytes, or JSON, as base64url without padding."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def header(token: str) -> dict[str, Any]:
    """Return the header of a token."""
    return dict(json.loads(raw(token.split(".", maxsplit=1)[0])))


def payload(token: str) -> dict[str, Any]:
    """Return the claims of a token, believed unseen."""
    return dict(json.loads(raw(token.split(".")[1])))


def verified(token: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of a token that a key of ``jwks`` signed; InvalidSignature otherwise."""
    signed, _, signature = token.rpartition(".")
    [key] = [key for key in jwks["keys"] if key["kid"] == header(token)["kid"]]
    _check(key, raw(signature), signed.encode())
    return payload(token)


def number(text: str) -> int:
    """Decode a number as a JWK holds it."""
    return int.from_bytes(raw(text), "big")


def _check(key: dict[str, Any], signature: bytes, signed: bytes) -> None:
    if key["alg"] == "RS256":
        public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    elif key["alg"] == "ES256":
        point = ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP256R1())
        halves = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
        der = encode_dss_signature(*halves)
        point.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))
    else:
        ed25519.Ed25519PublicKey.from_public_bytes(raw(key["x"])).verify(signature, signed)
