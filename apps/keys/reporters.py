"""Who may report leaks, and whether a report is theirs.

Nothing is fetched: the operator saves the partner's list of public keys, in the shape in which
GitHub publishes its own, and TRELLIS_LEAK_REPORTERS holds it.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.keys.errors import LeakSignatureWrong


@dataclass(frozen=True, slots=True)
class Reporter:
    """Somebody whose signature the operator trusts."""

    name: str
    key: ec.EllipticCurvePublicKey


@lru_cache(maxsize=4)
def read(text: str) -> dict[str, Reporter]:
    """Return reporters by key identifier; ImproperlyConfigured when the setting cannot be read."""
    if not text.strip():
        return {}
    try:
        listed = json.loads(text)["public_keys"]
        return {str(entry["key_identifier"]): _reporter(entry) for entry in listed}
    except (ValueError, KeyError, TypeError, UnsupportedAlgorithm) as error:
        raise ImproperlyConfigured(
            'TRELLIS_LEAK_REPORTERS must be JSON: {"public_keys": [{"key_identifier": "…", '
            f'"key": "-----BEGIN PUBLIC KEY-----…"}}]}} with P-256 keys. {error}'
        ) from error


def check(body: bytes, *, identifier: str, signature: str) -> str:
    """Return the name of who signed ``body``; LeakSignatureWrong when nobody did who may."""
    reporter = read(settings.LEAK_REPORTERS).get(identifier)
    if reporter is None:
        raise LeakSignatureWrong("Github-Public-Key-Identifier names no key that is trusted here.")
    try:
        raw = base64.b64decode(signature, validate=True)
        reporter.key.verify(raw, body, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise LeakSignatureWrong(
            "Github-Public-Key-Signature is not the ECDSA P-256 signature of the body."
        ) from error
    return reporter.name


def _reporter(entry: dict[str, Any]) -> Reporter:
    key = load_pem_public_key(str(entry["key"]).encode())
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TypeError("A key is not an ECDSA key on the curve P-256.")
    return Reporter(str(entry.get("reporter") or "GitHub secret scanning")[:80], key)
