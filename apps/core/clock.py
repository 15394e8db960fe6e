"""The only source of time in apps.

``now()`` is the time of the tenant that the code acts in, and real time outside any tenant. A
sandbox may live in another hour than the machine: what falls due, expires or is dated in it asks
``now()``. Leases, caller tokens and deadlines between processes ask ``real()``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_offset: ContextVar[timedelta | None] = ContextVar("clock offset", default=None)


def real() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """Return the current tenant's time, aware, in UTC."""
    return real() + (_offset.get() or timedelta())


@contextmanager
def shifted(offset: timedelta | None) -> Iterator[None]:
    """Let ``now()`` run ``offset`` ahead of real time inside the block."""
    token = _offset.set(offset)
    try:
        yield
    finally:
        _offset.reset(token)
