"""What was decided about a request's limits, and how its answer says so."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.plans.layout import Slot


class Slots(tuple[Slot, ...]):  # noqa: SLOT001 - a tuple can have none of its own
    """The limits of a request, with what is said of them every time but for the numbers.

    ``shown`` names those of the header: where their numbers begin, and whether they tell a time.
    """

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self.shares = [(slot.cost, slot.spends) for slot in self]
        shown = [(at, slot.policy) for at, slot in enumerate(self) if not slot.policy.shadow]
        self.shown = [(2 * at, policy.kind != "concurrency") for at, policy in shown]
        self.header = ", ".join(
            f'"{policy.name}";r=%d{";t=%d" if timed else ""}'
            for (_, policy), (_, timed) in zip(shown, self.shown, strict=True)
        ).encode()
        left = ",".join(f'"{slot.policy.name}":%d' for slot in self)
        self.passed = f'["limit","passed",{{"by":"%b","left":{{{left}}}}}]'.encode()


@dataclass(slots=True, weakref_slot=True)
class Verdict:
    """What was decided: for each slot what is left and when (microseconds) it is whole again."""

    slots: Slots
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


NOTHING = Verdict(Slots(), [], "valkey")


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
    slots, numbers = verdict.slots, verdict.numbers
    told: list[int] = []
    for at, timed in slots.shown:
        told.append(max(0, numbers[at]))
        if timed:
            told.append(-(-numbers[at + 1] // 1_000_000))
    return slots.header % tuple(told)


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
