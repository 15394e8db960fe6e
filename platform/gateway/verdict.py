"""What was decided about a request's limits, and how its answer says so."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.plans.limits import Policy


@dataclass(frozen=True, slots=True)
class Slot:
    """One limit and where its state lies."""

    policy: Policy
    blob: str
    number: int  # scope * 10 + slot, as the script names it
    cost: int
    ends: float = 0.0  # of a quota's period, seconds since 1970

    @property
    def spends(self) -> float:
        """Return the microseconds of a rate that one request takes; a quota takes none."""
        return self.cost * self.policy.window * 1e6 / self.policy.limit


@dataclass(slots=True)
class Verdict:
    """What was decided: for each slot what is left and when (microseconds) it is whole again."""

    slots: tuple[Slot, ...]
    numbers: list[int]
    by: str  # valkey, lease, memory or mirror
    denied: Slot | None = None
    wait: float = 0.0  # seconds
    until: float = 0.0  # monotonic time at which a denial ends

    @property
    def granted(self) -> bool:
        return self.denied is None

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the same request is granted."""
        return max(1, math.ceil(self.wait))


NOTHING = Verdict((), [], "valkey")


def policy_header(slots: tuple[Slot, ...]) -> bytes:
    """Return the value of ``RateLimit-Policy``: draft-ietf-httpapi-ratelimit-headers-11."""
    items = [f'"{s.policy.name}";q={s.policy.limit};w={_window(s)}' for s in slots]
    return ", ".join(items).encode()


def left_header(verdict: Verdict) -> bytes:
    """Return the value of ``RateLimit``: what is left of each policy, when it is whole again."""
    numbers: Any = iter(verdict.numbers)
    items = [
        f'"{slot.policy.name}";r={max(0, left)};t={-(-reset // 1_000_000)}'
        for slot, left, reset in zip(verdict.slots, numbers, numbers, strict=True)
    ]
    return ", ".join(items).encode()


def _window(slot: Slot) -> int:
    if slot.policy.window:
        return slot.policy.window
    # A month's length is that of the month which ends then.
    period = slot.policy.period or "month"
    end = datetime.fromtimestamp(slot.ends, UTC)
    return 86_400 if period == "day" else _month_before(end)


def _month_before(end: datetime) -> int:
    begin = end.replace(year=end.year - (end.month == 1), month=(end.month - 2) % 12 + 1)
    return int((end - begin).total_seconds())
