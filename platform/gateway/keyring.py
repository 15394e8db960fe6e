"""Access tokens that are JWTs (RFC 9068): signed by us, or nobody is asked about them.

The signature only keeps junk away from the caches. What a token may do is looked up like any other
credential, so that it can be revoked. Keys come from PostgreSQL; a header chooses among them by
``kid`` and has no other say: ``jku``, ``x5u`` and ``jwk`` are never read.
"""

import asyncio
import time
from typing import Any

from cryptography.exceptions import InvalidSignature

from apps.core import jose
from apps.core.jose import Bad, Verify
from gateway.problems import (
    CredentialStoreUnavailable,
    TokenAudience,
    TokenExpired,
    TokenKindWrong,
    TokenMalformed,
)
from gateway.store import Store, StoreDown

LARGEST = 8192  # characters
FRESH = 5.0  # seconds; a key that was withdrawn is forgotten after them
PAUSE = 2.0  # seconds in which our keys are not read again, whatever a header names
TYPES = {"at+jwt", "application/at+jwt"}


class Keyring:
    """The published signing keys, and what they say of a token."""

    def __init__(self, store: Store, *, issuer: str, audience: str) -> None:
        self.store = store
        self.issuer = issuer
        self.audience = audience
        self.keys: dict[str, tuple[str, Verify]] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def check(self, token: str) -> None:
        """Refuse what is no access token of this installation for its APIs."""
        try:
            parts = jose.split(token, most=LARGEST)
            header = jose.members(parts.header)
            self._kind(header)
            verify = await self._key(header)
            verify(parts.signature, parts.signed)
            claims = jose.members(parts.payload)
        except Bad as bad:
            raise TokenMalformed(f"The token cannot be trusted: {bad}.") from None
        except InvalidSignature:
            raise TokenMalformed("The token's signature does not fit it.") from None
        self._claims(claims)

    def _kind(self, header: dict[str, Any]) -> None:
        if str(header.get("typ")).lower() not in TYPES:
            raise TokenKindWrong("The token is a JWT whose typ is not at+jwt, such as an ID token.")
        if "crit" in header or "b64" in header:
            raise Bad("it asks for extensions that are not used here")

    def _claims(self, claims: dict[str, Any]) -> None:
        if claims.get("iss") != self.issuer:
            raise TokenMalformed(f"The token was not issued by {self.issuer}.")
        told = claims.get("aud")
        audiences = told if isinstance(told, list) else [told]
        if not any(self._ours(audience) for audience in audiences):
            raise TokenAudience(f"The token is not meant for {self.audience}.")
        ends = claims.get("exp")
        if not isinstance(ends, int | float) or ends <= time.time():
            raise TokenExpired

    def _ours(self, audience: Any) -> bool:
        return isinstance(audience, str) and f"{audience}/".startswith(f"{self.audience}/")

    async def _key(self, header: dict[str, Any]) -> Verify:
        """Return what checks a token; the algorithm is the key's, not the header's choice."""
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise Bad("it names no key")
        if self._age() > FRESH or (kid not in self.keys and self._age() > PAUSE):
            async with self._reading:
                if self._age() > PAUSE:  # Nobody read them while this request waited.
                    await self._read(needed=kid not in self.keys)
        if kid not in self.keys:
            raise Bad("it names a key that is not ours")
        algorithm, verify = self.keys[kid]
        if header.get("alg") != algorithm:
            raise Bad(f"its key signs with {algorithm}")
        return verify

    def _age(self) -> float:
        return time.monotonic() - self._read_at

    async def _read(self, *, needed: bool) -> None:
        try:
            rows = await self.store.signing_keys()
        except StoreDown:
            if needed:
                raise CredentialStoreUnavailable(headers={"Retry-After": "2"}) from None
            return
        self._read_at = time.monotonic()
        self.keys = {
            str(row["public"].get("kid")): (
                row["algorithm"],
                jose.verifier(row["public"], row["algorithm"]),
            )
            for row in rows
        }
