"""Proofs of possession (RFC 9449): a token that is bound to a key works only with that key.

A proof is good for one request. That it was not used before is remembered here and in Valkey, which
all gateways share. While Valkey is away each process remembers for itself: refusing would stop
every such caller for the sake of an attacker who has read a token *and* a proof out of an
encrypted connection. What such a one could still do is bounded: repeat that very request, once at
each other process, within the proof's minute. None can be prepared ahead, because each carries a
nonce of ours.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

from apps.core import dpop, jose
from apps.core.dpop import BadProof
from gateway.link import Down, Link, Refusal, pack

WINDOW = 60.0  # seconds by which a proof may be old, or a caller's clock fast
REMEMBERED = int(2 * WINDOW) + 5  # seconds: as long as any proof is accepted, and a little more
KEPT = 100_000  # proofs remembered by a process
NONCE_LIFE = 300  # seconds; the one before is accepted too


class Stale(Exception):  # noqa: N818 - a state of affairs
    """The proof is good but for its nonce."""


class Replayed(Exception):  # noqa: N818 - as above
    """The proof was used before."""


class Wanted(NamedTuple):
    """What a proof has to be about."""

    method: str
    url: str
    token: bytes  # its SHA-256
    thumbprint: str


class Nonces:
    """Numbers that only we can know ahead of time; every gateway makes the same ones."""

    def __init__(self, root: bytes) -> None:
        self.key = hmac.digest(root, b"dpop-nonce", "sha256")
        self.made = lru_cache(maxsize=4)(self._make)

    def current(self, now: float) -> str:
        """Return the nonce to use now."""
        return self.made(int(now // NONCE_LIFE))

    def accepts(self, nonce: str, now: float) -> bool:
        """Tell whether ``nonce`` is this one or the one before."""
        at = int(now // NONCE_LIFE)
        return nonce in {self.made(at), self.made(at - 1)}

    def _make(self, number: int) -> str:
        return jose.encode(hmac.digest(self.key, b"%d" % number, "sha256")[:18])


class Proofs:
    """Checks proofs, each once."""

    def __init__(self, link: Link, root: bytes) -> None:
        self.link = link
        self.nonces = Nonces(root)
        self.used: OrderedDict[bytes, float] = OrderedDict()

    async def check(self, proof: str, wanted: Wanted) -> str:
        """Return the nonce the proof carries; BadProof, Stale or Replayed when it is not good."""
        now = time.time()
        read = dpop.read(proof, method=wanted.method, url=wanted.url, now=now, window=WINDOW)
        if read.jkt != wanted.thumbprint:
            raise BadProof("The DPoP proof was made with another key than the token is bound to.")
        if read.ath != jose.encode(wanted.token):
            raise BadProof("The ath of the DPoP proof must be the SHA-256 of this token.")
        if not self.nonces.accepts(read.nonce, now):
            raise Stale
        if not await self._first(read.jkt, read.jti, now):
            raise Replayed
        return read.nonce

    async def _first(self, thumbprint: str, jti: str, now: float) -> bool:
        """Tell whether a proof is used for the first time, and remember that it was."""
        digest = hashlib.sha256(f"{thumbprint}.{jti}".encode()).digest()[:16]
        if self.used.get(digest, 0.0) > now:
            return False
        self.used[digest] = now + REMEMBERED
        self._forget(now)
        name = f"trl:dpop:{digest.hex()}"
        try:
            said = await self.link.ask(pack("SET", name, 1, "NX", "EX", REMEMBERED))
        except (Down, Refusal):
            return True
        return said is not None

    def _forget(self, now: float) -> None:
        while self.used:
            oldest = next(iter(self.used))
            if self.used[oldest] > now and len(self.used) <= KEPT:
                return
            del self.used[oldest]
