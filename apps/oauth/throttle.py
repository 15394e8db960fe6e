"""Counting failures, so that guessing does not pay.

Counted in Valkey, and in this process alone while Valkey is away. The caller's address is part of
each name: nobody can lock somebody else out from elsewhere.
"""

import hashlib
import time
from threading import Lock
from typing import Final

import redis

from apps.core import throttle, valkey
from apps.oauth.errors import TooManyAttemptsError

AT_MOST: Final = 10
WINDOW: Final = 60  # seconds
REMEMBERED: Final = 10_000  # names, while Valkey is away
BEGINNINGS: Final = 60  # a minute: what a client that proves nothing may store from one address

_lock = Lock()
_counts: dict[str, tuple[int, float]] = {}


def admit(*about: str, at_most: int = AT_MOST) -> None:
    """Refuse when what ``about`` names has failed too often within a minute."""
    name = _name(about)
    try:
        known = valkey.client().get(name)
        count, left = int(known or 0), WINDOW
        if count >= at_most:
            left = max(1, int(valkey.client().ttl(name)))
    except redis.RedisError:
        count, until = _counts.get(name, (0, 0.0))
        left = int(until - time.monotonic()) + 1
        count = count if left > 0 else 0
    if count >= at_most:
        raise TooManyAttemptsError(
            f"Too many failed attempts. Try again in {left} seconds.", retry_after=left
        )


def bound(purpose: str, address: str) -> None:
    """Refuse when ``address`` began too many of something within a minute; count this one."""
    if not throttle.admits(purpose, address, at_most=BEGINNINGS, window=WINDOW):
        raise TooManyAttemptsError("Too many at once. Try again in a minute.", retry_after=WINDOW)


def failed(*about: str) -> None:
    """Count one failure of what ``about`` names."""
    name = _name(about)
    try:
        pipe = valkey.client().pipeline(transaction=False)
        pipe.incr(name)
        pipe.expire(name, WINDOW, nx=True)
        pipe.execute()
    except redis.RedisError:
        _failed_here(name)


def _failed_here(name: str) -> None:
    now = time.monotonic()
    with _lock:
        if len(_counts) >= REMEMBERED:
            _counts.clear()
        count, until = _counts.get(name, (0, now + WINDOW))
        _counts[name] = (count + 1, until) if until > now else (1, now + WINDOW)


def _name(about: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(about).encode(errors="replace")).hexdigest()
    return f"trl:oauth:failed:{digest}"
