"""Counting tries, so that guessing and flooding do not pay.

Counted in Valkey; while it is away each process counts for itself, so nothing opens. What is
counted about somebody is named by them and their address: nobody locks others out from elsewhere.
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


def admits(purpose: str, *who: str, at_most: int, window: int) -> bool:
    """Count one try; tell whether it is among the first ``at_most`` in ``window`` seconds."""
    return count(purpose, *who, window=window) <= at_most


def count(purpose: str, *who: str, window: int) -> int:
    """Count one try, and return how many it were within ``window`` seconds."""
    name = _name(purpose, who)
    try:
        pipe = valkey.client().pipeline(transaction=False)
        pipe.incr(name)
        pipe.expire(name, window, nx=True)
        return int(pipe.execute()[0])
    except redis.RedisError:
        return _count_here(name, window)


def wait(purpose: str, *who: str, at_most: int) -> int:
    """Return for how many seconds there were ``at_most`` tries already; 0 is none. Count none."""
    name = _name(purpose, who)
    try:
        pipe = valkey.client().pipeline(transaction=False)
        pipe.get(name)
        pipe.ttl(name)
        known, left = pipe.execute()
        tries = int(known or 0)
    except redis.RedisError:
        tries, until = _counts.get(name, (0, 0.0))
        left = int(until - time.monotonic()) + 1
        tries = tries if left > 0 else 0
    return max(1, int(left)) if tries >= at_most else 0


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
        tries, until = _counts.get(name, (0, 0.0))
        _counts[name] = (tries + 1, until) if until > now else (1, now + window)
        return _counts[name][0]


def _name(purpose: str, who: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(who).encode(errors="replace")).hexdigest()[:32]
    return f"trl:tries:{purpose}:{digest}"
