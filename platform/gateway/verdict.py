"""What was decided about a request's limits, and how its answer says so."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.plans.layout import Slot


@dataclass(slots=True, weakref_slot=True)
class Verdict:
    """What was decided: for each slot what is left and when (microseconds) it is whole again."""

    slots: tuple[Slot, ...]
    numbers: list[int]
    by: str  # valkey, lease, memory or mirror
    denied: Slot | None = None
    wait: float = 0.0  # seconds
    until: float = 0.0  # monotonic time at which a denial ends
    missed: tuple[str, ...] = ()  # names of the shadows that would have refused
    held: str = ""  # the request, while it takes places that must be given back

    @property
    def granted(self) -> bool:
        return self.denied is None

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the same request is granted."""
        return max(1, math.ceil(self.wait))


NOTHING = Verdict((), [], "valkey")


def policy_header(slots: tuple[Slot, ...]) -> bytes:
    """Return the value of ``RateLimit-Policy``: draft-ietf-httpapi-ratelimit-headers-11.

    Of a shadow nothing is said: a caller that keeps to what it reads would be held to it.
    """
    items = [
        f'"{s.policy.name}";q={s.policy.limit}{_unit(s)}' for s in slots if not s.policy.shadow
    ]
    return ", ".join(items).encode()


def left_header(verdict: Verdict) -> bytes:
    """Return the value of ``RateLimit``: what is left of each policy, when it is whole again."""
    numbers: Any = iter(verdict.numbers)
    items = [
        f'"{slot.policy.name}";r={max(0, left)}'
        if slot.policy.kind == "concurrency"
        else f'"{slot.policy.name}";r={max(0, left)};t={-(-reset // 1_000_000)}'
        for slot, left, reset in zip(verdict.slots, numbers, numbers, strict=True)
        if not slot.policy.shadow
    ]
    return ", ".join(items).encode()


def _unit(slot: Slot) -> str:
    """Return the further parameters of a policy; a burst is ours, and named so."""
    if slot.policy.kind == "concurrency":
        return ';qu="concurrent-requests"'
    burst = f";trellis-burst={slot.policy.burst}" if slot.policy.burst else ""
    return f";w={_window(slot)}{burst}"


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
