"""DPoP at the authorization server (RFC 9449): who holds the key, once, and recently."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from apps.core import clock, dpop
from apps.oauth import lifetimes
from apps.oauth.errors import InvalidProofError, NonceError
from apps.oauth.models import UsedProof

ALGORITHMS: Final = dpop.ALGORITHMS


def nonce(at: datetime | None = None) -> str:
    """Return the nonce of the five minutes around ``at``; any process makes the same."""
    window = int((at or clock.real()).timestamp() // lifetimes.NONCE.total_seconds())
    key = f"dpop nonce\0{settings.SECRET_KEY}".encode()
    digest = hmac.digest(key, str(window).encode(), "sha256")
    return urlsafe_b64encode(digest[:18]).decode()


def verify(
    text: str, *, method: str, url: str, access_token: str = "", with_nonce: bool = False
) -> str:
    """Return the thumbprint of the key that a proof proves possession of; a proof is good once."""
    now = clock.real()
    try:
        proof = dpop.read(
            text,
            method=method,
            url=url,
            now=now.timestamp(),
            window=lifetimes.PROOF.total_seconds(),
        )
    except dpop.BadProof as error:
        raise InvalidProofError(str(error)) from error
    if access_token and not hmac.compare_digest(proof.ath, dpop.hash_of(access_token)):
        raise InvalidProofError("The ath of the DPoP proof is not the hash of the access token.")
    if with_nonce and proof.nonce not in {nonce(now), nonce(now - lifetimes.NONCE)}:
        raise NonceError("Send the proof again with the nonce of this answer's DPoP-Nonce header.")
    if not first_use("dpop", proof.jkt, proof.jti, until=now + 2 * lifetimes.PROOF):
        raise InvalidProofError("This DPoP proof was used before.")
    return proof.jkt


def first_use(*about: str, until: datetime) -> bool:
    """Tell whether this is the first use of what ``about`` names; it is one from now on.

    Kept until a minute after ``until``, in PostgreSQL: losing Valkey lets no replay through.
    """
    digest = hashlib.sha256("\0".join(about).encode()).digest()
    table = UsedProof._meta.db_table  # noqa: SLF001 - Django's documented way to a table's name
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (digest, expires_at) VALUES (%s, %s) "  # noqa: S608 - its own name
            "ON CONFLICT (digest) DO NOTHING",
            [digest, until + timedelta(minutes=1)],
        )
        return bool(cursor.rowcount == 1)
