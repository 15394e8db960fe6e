"""What a plan's limits may say. Pure: the gateway reads limits through this module too.

A policy is a rate (GCRA: ``limit`` requests per ``window`` seconds, the whole of it at once when
idle) or a quota (``limit`` cost units per calendar ``period`` in UTC)::

    {"name": "burst", "kind": "rate", "scope": "application", "limit": 100, "window": 1}
    {"name": "month", "kind": "quota", "scope": "application", "limit": 100000, "period": "month"}
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

Scope = Literal["application", "key"]
Period = Literal["day", "month"]
NAME_LIMIT = 32
MOST = 10**12


class Invalid(ValueError):  # noqa: N818 - reads as a sentence where it is caught
    """A policy that cannot be enforced; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One limit. ``window`` is seconds and only for rates, ``period`` only for quotas."""

    name: str
    kind: Literal["rate", "quota"]
    scope: Scope
    limit: int
    window: int = 0
    period: Period | None = None


def parse(raw: Any) -> tuple[Policy, ...]:
    """Return the policies of a plan version; Invalid when one makes no sense."""
    if not isinstance(raw, list):
        raise Invalid("limits must be a list of policies.")
    policies = tuple(_policy(item) for item in raw)
    names = [policy.name for policy in policies]
    if len(set(names)) < len(names):
        raise Invalid("two policies share a name.")
    return policies


def period_of(period: Period, at: datetime) -> tuple[int, datetime]:
    """Return the number of the calendar period that ``at`` lies in, and when it ends (UTC)."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return day.toordinal(), day + timedelta(days=1)
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day.year * 12 + day.month - 1, following


def _policy(item: Any) -> Policy:
    if not isinstance(item, dict):
        raise Invalid(f"{item!r} is not a policy.")
    name, kind = item.get("name"), item.get("kind")
    if not isinstance(name, str) or not name.isidentifier() or len(name) > NAME_LIMIT:
        raise Invalid("name must be a short identifier such as burst.")
    if kind not in {"rate", "quota"}:
        raise Invalid(f"{name}: kind must be rate or quota.")
    scope = item.get("scope", "application")
    if scope not in {"application", "key"}:
        raise Invalid(f"{name}: scope must be application or key.")
    limit = _whole(item, "limit", name)
    if kind == "rate":
        return Policy(
            name, "rate", cast("Scope", scope), limit, window=_whole(item, "window", name)
        )
    period = item.get("period")
    if period not in {"day", "month"}:
        raise Invalid(f"{name}: period must be day or month.")
    return Policy(name, "quota", cast("Scope", scope), limit, period=cast("Period", period))


def _whole(item: dict[str, Any], field: str, name: str) -> int:
    value = item.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST:
        raise Invalid(f"{name}: {field} must be a whole number above zero.")
    return value
