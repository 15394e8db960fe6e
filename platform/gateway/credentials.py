"""Which credential a secret is: from memory, from Valkey, from PostgreSQL, in this order.

Revocation is visible at once by message, within five seconds without one, and within two while
Valkey is away. A copy that is older serves only while PostgreSQL is down, and never when Valkey
holds a tombstone for it.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from typing import Any

import orjson

from apps.core import secrets
from gateway.credential import ALONE, FRESH, STALE, Credential, parse, portable
from gateway.frames import inherit
from gateway.keyring import Keyring
from gateway.link import Down, Link, Refusal, Script, pack
from gateway.problems import CredentialStoreUnavailable
from gateway.shapes import Shapes, Sought
from gateway.store import Store, StoreDown

KEPT = 20_000  # credentials in memory
UNKNOWN_KEPT = 50_000
UNKNOWN_FOR = 10.0  # seconds in which an unknown secret is not looked up again
STRANGERS = 2  # secrets never seen before that are looked up at once; others queue behind them
CROWD = 1_000  # of those, how many may queue
RETRY = "2"  # seconds after which a caller may try again while PostgreSQL is away

# A fill never overwrites a tombstone; forgetting never removes one.
FILL = Script("""
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 7) == '{"dead"' then return held end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
""")
FORGET = Script("""
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 7) ~= '{"dead"' then redis.call('DEL', KEYS[1]) end
return false
""")


class Credentials:
    """The credentials this process knows."""

    def __init__(
        self,
        store: Store,
        link: Link,
        *,
        peppers: tuple[bytes, ...],
        prefix: str,
        keyring: Keyring,
    ) -> None:
        self.store = store
        self.link = link
        self.peppers = peppers
        self.shapes = Shapes(prefix, keyring)
        self.held: OrderedDict[bytes, Credential] = OrderedDict()
        self.unknown: OrderedDict[bytes, float] = OrderedDict()
        self._loading: dict[bytes, asyncio.Task[tuple[Credential, str]]] = {}
        self._strangers = asyncio.Semaphore(STRANGERS)
        self._crowd = 0
        self._turn = 0  # counts what was said on the channel, so that no reading outlives it

    async def find(self, secret: str) -> tuple[Credential, str]:
        """Return the credential of ``secret`` and where it was found.

        Junk is refused by its shape, checksum or signature before anybody is asked.
        """
        token = secret.startswith(self.shapes.of_tokens)
        if token:
            digest = hashlib.sha256(secret.encode()).digest()
        else:
            digest = secrets.digest(secret, self.peppers[0])
        held = self.held.get(digest)
        trusted = FRESH if self.link.up else ALONE
        if held is not None and held.younger(trusted):
            self.held.move_to_end(digest)
            return held, "memory"
        sought = Sought(secret, digest, token)
        if self.unknown.get(digest, 0.0) > time.monotonic():
            raise sought.unknown()
        await self.shapes.check(sought)
        task = self._loading.get(digest)
        if task is None:
            task = asyncio.create_task(self._load(sought))
            self._loading[digest] = task
            task.add_done_callback(_ignore)
            task.add_done_callback(lambda _: self._loading.pop(digest, None))
        return await asyncio.shield(task)

    def hear(self, message: str) -> None:
        """Forget what a message on ``trl:invalidate`` is about."""
        kind, _, what = message.partition(":")
        if kind == "key":
            self.unknown.pop(bytes.fromhex(what), None)
            self._drop("digest", what)
        elif kind == "app":
            self._drop("application", what)
        elif kind == "org":
            self._drop("organization", what)
            self._drop("holder", what)
        elif kind == "user":
            self._drop("subject", what)
        elif kind == "client":
            self._drop("client", what)

    def reset(self) -> None:
        """Forget everything: messages may have been missed. Copies wait for worse times."""
        self._turn += 1
        self.unknown.clear()
        for held in self.held.values():
            held.read_at = min(held.read_at, time.time() - 10)

    def _drop(self, field: str, value: str) -> None:
        self._turn += 1
        for digest, held in list(self.held.items()):
            if getattr(held, field) == value:
                del self.held[digest]
                self._forget(held.digest)

    def _forget(self, digest: str) -> None:
        """Remove the shared copy too: it may have been filled a moment before the change."""
        try:
            self.link.ask(FORGET.frame([_entry(digest)])).add_done_callback(_ignore)
        except Down:
            return

    async def _load(self, sought: Sought) -> tuple[Credential, str]:
        digest, shared = sought.digest, True
        while True:
            turn = self._turn
            credential, source = await self._look_up(sought, shared=shared)
            if turn == self._turn:
                break
            shared = False  # Something changed meanwhile: read again, past the shared copy.
        if credential is None:
            self.unknown[digest] = time.monotonic() + UNKNOWN_FOR
            if len(self.unknown) > UNKNOWN_KEPT:
                self.unknown.popitem(last=False)
            raise sought.unknown()
        if former := self.held.get(digest):
            inherit(credential, former)
        self.held[digest] = credential
        self.held.move_to_end(digest)
        if len(self.held) > KEPT:
            self.held.popitem(last=False)
        return credential, source

    def _digests(self, sought: Sought) -> list[bytes]:
        """Return under which digests it may be known: a key under any pepper."""
        if sought.token:
            return [sought.digest]
        return [secrets.digest(sought.secret, pepper) for pepper in self.peppers]

    async def _look_up(self, sought: Sought, *, shared: bool) -> tuple[Credential | None, str]:
        digests = self._digests(sought)
        entry = await self._shared(digests)
        dead = entry is not None and "dead" in entry
        if shared and entry and not dead:
            found = parse(entry)
            if found.fresh:
                return found, "valkey"
        now = time.time()
        try:
            known = entry is not None or sought.digest in self.held
            row = await self._read(sought, digests, known=known)
        except StoreDown:
            return self._make_do(sought, entry), "stale"
        if row is None:
            if dead:
                raise sought.revoked()
            return None, "postgres"
        text = portable(row, now)
        dead = await self._fill(row["digest"].hex(), text) or dead
        found = parse(orjson.loads(text))
        found.revoked = found.revoked or dead
        return found, "postgres"

    async def _read(
        self, sought: Sought, digests: list[bytes], *, known: bool
    ) -> dict[str, Any] | None:
        """Ask PostgreSQL. Whoever tries out secrets takes a part of its connections, never all."""
        if known:
            return await self._row(sought, digests)
        if self._crowd >= CROWD:
            raise CredentialStoreUnavailable(headers={"Retry-After": RETRY})
        self._crowd += 1
        try:
            async with self._strangers:
                return await self._row(sought, digests)
        finally:
            self._crowd -= 1

    async def _row(self, sought: Sought, digests: list[bytes]) -> dict[str, Any] | None:
        if sought.token:
            return await self.store.token(sought.digest)
        return await self.store.credential(digests)

    def _make_do(self, sought: Sought, entry: dict[str, Any] | None) -> Credential:
        """Return an older copy while PostgreSQL is away, unless it was revoked since."""
        if entry and "dead" in entry:
            raise sought.revoked()
        copy = parse(entry) if entry else self.held.get(sought.digest)
        if copy is None or not copy.servable:
            raise CredentialStoreUnavailable(headers={"Retry-After": RETRY})
        return copy

    async def _shared(self, digests: list[bytes]) -> dict[str, Any] | None:
        frames = [pack("GET", _entry(digest.hex())) for digest in digests]
        try:
            for text in await asyncio.gather(*[self.link.ask(frame) for frame in frames]):
                if text:
                    entry: dict[str, Any] = orjson.loads(text)
                    return entry
        except (Down, Refusal, ValueError):
            pass
        return None

    async def _fill(self, digest: str, text: bytes) -> bool:
        """Share what was read, and tell whether a tombstone was there first."""
        try:
            return await self.link.run(FILL.frame([_entry(digest)], text, int(STALE))) is not None
        except (Down, Refusal):
            return False


def _entry(digest: str) -> str:
    return f"trl:cred:{digest}"


def _ignore(future: "asyncio.Future[Any]") -> None:
    future.exception()
