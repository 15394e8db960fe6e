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
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidSignature

from apps.core import jose
from apps.core.jose import Bad, Verify
from gateway.link import Down, Link, Refusal, pack

LARGEST = 4096  # characters
HEADER = 2048  # of them, for the part that carries the key
WINDOW = 60.0  # seconds by which a proof may be old, or a caller's clock fast
REMEMBERED = int(2 * WINDOW) + 5  # seconds: as long as any proof is accepted, and a little more
KEPT = 100_000  # proofs remembered by a process
NONCE_LIFE = 300  # seconds; the one before is accepted too
JTI = range(1, 257)  # characters
PORTS = {"http": 80, "https": 443}


class Stale(Exception):  # noqa: N818 - a state of affairs
    """The proof is good but for its nonce."""


class Replayed(Exception):  # noqa: N818
    """The proof was used before."""


class Holder(NamedTuple):
    """Whose proof it is."""

    thumbprint: str
    verify: Verify


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

    def accepts(self, nonce: Any, now: float) -> bool:
        """Tell whether ``nonce`` is this one or the one before."""
        at = int(now // NONCE_LIFE)
        return isinstance(nonce, str) and nonce in {self.made(at), self.made(at - 1)}

    def _make(self, number: int) -> str:
        return jose.encode(hmac.digest(self.key, b"%d" % number, "sha256")[:18])


class Proofs:
    """Checks proofs, each once."""

    def __init__(self, link: Link, root: bytes) -> None:
        self.link = link
        self.nonces = Nonces(root)
        self.used: OrderedDict[bytes, float] = OrderedDict()

    async def check(self, proof: str, wanted: Wanted) -> str:
        """Return the nonce the proof carries; Bad, Stale or Replayed when it is not good."""
        now = time.time()
        try:
            parts = jose.split(proof, most=LARGEST)
            holder = _holder(parts.header)
            if holder.thumbprint != wanted.thumbprint:
                raise Bad("it was made with another key than the token is bound to")
            claims = jose.members(parts.payload)
            _about(claims, wanted)
            _timely(claims, now)
            holder.verify(parts.signature, parts.signed)
        except InvalidSignature:
            raise Bad("its signature does not fit it") from None
        nonce = claims.get("nonce")
        if not self.nonces.accepts(nonce, now):
            raise Stale
        if not await self._first(holder.thumbprint, claims["jti"], now):
            raise Replayed
        return str(nonce)

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


@lru_cache(maxsize=4096)
def _holder(text: str) -> Holder:
    """Read a proof's header: a caller sends the same one with every proof."""
    if len(text) > HEADER:
        raise Bad(f"its header has more than {HEADER} characters")
    header = jose.members(text)
    if header.get("typ") != "dpop+jwt":
        raise Bad("its typ is not dpop+jwt")
    if "crit" in header or "b64" in header:
        raise Bad("it asks for extensions that are not used here")
    jwk = header.get("jwk")
    verify = jose.verifier(jwk, header.get("alg"))
    return Holder(jose.thumbprint(jwk), verify)  # type: ignore[arg-type]  # verifier saw to it


def _about(claims: dict[str, Any], wanted: Wanted) -> None:
    if claims.get("htm") != wanted.method:
        raise Bad(f"its htm is not {wanted.method}")
    if not _same(claims.get("htu"), wanted.url):
        raise Bad(f"its htu is not {wanted.url}")
    if claims.get("ath") != jose.encode(wanted.token):
        raise Bad("its ath is not the SHA-256 of this token")
    jti = claims.get("jti")
    if not isinstance(jti, str) or len(jti) not in JTI:
        raise Bad("it has no jti of 1 to 256 characters")


def _timely(claims: dict[str, Any], now: float) -> None:
    made = claims.get("iat")
    if isinstance(made, bool) or not isinstance(made, int | float):
        raise Bad("it has no iat")
    if abs(now - made) > WINDOW:
        raise Bad(f"its iat is more than {WINDOW:.0f} s from now, which is {int(now)}")


def _same(told: Any, url: str) -> bool:
    """Compare URLs but for query and fragment, as RFC 9449, section 4.3, asks."""
    if told == url:
        return True
    if not isinstance(told, str):
        return False
    try:
        return _plain(told) == _plain(url)
    except ValueError:
        return False


def _plain(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError(url)
    host = (parts.hostname or "").lower()
    return parts.scheme, host, parts.port or PORTS.get(parts.scheme), unquote(parts.path) or "/"
