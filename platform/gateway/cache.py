"""Answers that are kept for a while, in the memory of one process (RFC 9111, as a shared cache).

An entry belongs to one operation, target and audience; what its policy calls shared is everybody's.
Purging reaches every gateway by a message, and a gateway that may have missed one forgets all: so
nothing is kept in Valkey, whose loss must not bring old answers back.
"""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass

from gateway.exchange import Headers

MOST = 64 * 1024 * 1024  # bytes that one process keeps
LARGEST = 1024 * 1024  # bytes of one answer
OVERHEAD = 600  # bytes that an entry takes besides its own
AGE = re.compile(rb"(s-maxage|max-age)\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
NOT_KEPT = re.compile(rb"(?:^|,)\s*(no-store|no-cache|private)\b", re.IGNORECASE)

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer. Times are seconds since 1970; ``names`` are what it is purged by."""

    status: int
    headers: Headers
    body: bytes
    etag: bytes
    made_at: float
    ends_at: float
    names: frozenset[str]

    @property
    def size(self) -> int:
        return OVERHEAD + len(self.body) + sum(len(n) + len(v) for n, v in self.headers)


class Cache:
    """The answers that one process keeps; those that were used longest ago make way."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._names: dict[str, set[Key]] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: Key, now: float) -> Entry | None:
        """Return the answer under ``key`` that is still good."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.ends_at <= now:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def keep(self, key: Key, entry: Entry) -> None:
        """Keep an answer in the place of an older one."""
        if entry.size > LARGEST + OVERHEAD:
            return
        self._drop(key)
        self._entries[key] = entry
        self.size += entry.size
        for name in entry.names:
            self._names.setdefault(name, set()).add(key)
        while self.size > MOST:
            self._drop(next(iter(self._entries)))

    def purge(self, name: str) -> int:
        """Forget every answer under ``name``, and tell how many there were."""
        keys = self._names.get(name, set()).copy()
        for key in keys:
            self._drop(key)
        return len(keys)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._names.clear()
        self.size = 0

    def hear(self, message: str) -> None:
        """Follow ``purge:<api>`` and ``purge:<api>:<tag>``."""
        kind, _, name = message.partition(":")
        if kind == "purge":
            self.purge(name)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self.size -= entry.size
        for name in entry.names:
            keys = self._names[name]
            keys.discard(key)
            if not keys:
                del self._names[name]


def lifetime(headers: Headers, most: int, *, shared: bool) -> float:
    """Return for how many seconds an answer may be kept: ``most``, or less if it says so."""
    seconds = float(most)
    for name, value in headers:
        if name == b"cache-control":
            if any(found != b"private" or shared for found in map(bytes.lower, _refusals(value))):
                return 0.0
            ages = {kind.lower(): int(text) for kind, text in AGE.findall(value)}
            seconds = min(seconds, ages.get(b"s-maxage", ages.get(b"max-age", most)))
        elif name == b"set-cookie" or (name == b"vary" and b"*" in value):
            return 0.0
        elif name == b"age" and value.isdigit():
            seconds -= int(value)
    return max(seconds, 0.0)


def tag(headers: Headers, body: bytes) -> bytes:
    """Return an answer's entity tag: its own, or a weak one made of the body."""
    for name, value in headers:
        if name == b"etag":
            return value
    return b'W/"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'


def matches(etag: bytes, wanted: bytes) -> bool:
    """Tell whether ``If-None-Match`` names ``etag`` (weak comparison, RFC 9110, 13.1.2)."""
    plain = etag.removeprefix(b"W/")
    listed = (item.strip().removeprefix(b"W/") for item in wanted.split(b","))
    return any(item in {plain, b"*"} for item in listed)


def _refusals(value: bytes) -> list[bytes]:
    return [bytes(found) for found in NOT_KEPT.findall(value)]
