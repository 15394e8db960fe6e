"""Counting tries of one address, so that guessing and flooding do not pay.

Counted in Valkey; while it is away each process counts for itself, so nothing opens.
"""

import hashlib
import time
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

import redis

from apps.core import valkey

REMEMBERED: Final = 10_000  # names, while Valkey is away
IPV6_NETWORK: Final = 64  # bits: whoever has one such address has all of its network

_lock = Lock()
_counts: dict[str, tuple[int, float]] = {}


def admits(purpose: str, who: str, *, at_most: int, window: int) -> bool:
    """Count one try; tell whether it is among the first ``at_most`` in ``window`` seconds."""
    digest = hashlib.sha256(who.encode(errors="replace")).hexdigest()[:32]
    name = f"trl:tries:{purpose}:{digest}"
    try:
        pipe = valkey.client().pipeline(transaction=False)
        pipe.incr(name)
        pipe.expire(name, window, nx=True)
        count = int(pipe.execute()[0])
    except redis.RedisError:
        count = _count_here(name, window)
    return count <= at_most


def network(address: str | None) -> str:
    """Return what stands for a caller: its IPv4 address, or its IPv6 network."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, IPv6Address):
        return found.exploded[: IPV6_NETWORK // 16 * 5]
    return str(found)


def _count_here(name: str, window: int) -> int:
    now = time.monotonic()
    with _lock:
        if len(_counts) >= REMEMBERED:
            _counts.clear()
        count, until = _counts.get(name, (0, 0.0))
        _counts[name] = (count + 1, until) if until > now else (1, now + window)
        return _counts[name][0]
