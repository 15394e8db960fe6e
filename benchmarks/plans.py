"""The plans that keys of a measurement are on."""

from typing import Any

Limits = list[dict[str, Any]]


def rate(name: str, limit: int, window: int = 1, **more: Any) -> dict[str, Any]:
    """Return a limit of so many requests in a window of seconds."""
    return {"name": name, "kind": "rate", "limit": limit, "window": window, **more}


def quota(limit: int, period: str = "month") -> dict[str, Any]:
    """Return a limit of so many requests in a calendar period."""
    return {"name": period, "kind": "quota", "limit": limit, "period": period}


# Three limits, as a real plan has them, and wide enough never to refuse.
WIDE: Limits = [rate("burst", 100_000), rate("minute", 6_000_000, 60), quota(10**9)]
# The same three, so narrow that a few requests show that they are counted.
NARROW: Limits = [rate("burst", 3, 20), rate("minute", 6_000_000, 60), quota(10**9)]
