"""Limits while Valkey is away: the same arithmetic in this process, at its share of every rate.

Each of N gateways admits a N-th of a rate, beginning where Valkey's last answer left off, and a
N-th of what was left of a quota. Together they admit what the plan allows; nothing is open, nothing
hangs. When Valkey is back it is told first what was admitted without it.
"""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.plans.layout import Slot
    from gateway.crowds import Crowds
    from gateway.frames import Frame

LIMIT = 50_000  # states in memory
ROUNDING = 1e-5  # seconds; what a double cannot tell apart
AGAIN = 1.0  # seconds after which a place may be free again


class Mirror:
    """The state of limits during an outage."""

    def __init__(self, crowds: "Crowds | None" = None) -> None:
        self.crowds = crowds
        self.gateways = 1  # how many there are, as heartbeats last told
        self.rates: dict[tuple[str, int], float] = {}  # arrival times, seconds since 1970
        self.quotas: dict[tuple[str, int], float] = {}  # what is left for this process
        self._until = 0.0  # when every rate is whole again

    @property
    def used(self) -> bool:
        return bool(self.rates or self.quotas)

    def clear(self) -> None:
        """Forget: Valkey decides again."""
        self.rates.clear()
        self.quotas.clear()

    def ahead(self, frame: "Frame") -> list[int]:
        """Return the microseconds that each rate of a frame is used ahead; none when all is whole.

        Valkey takes the most that any gateway says: where they were asked alike it is exact.
        """
        now = time.time()
        told = [0] * (3 * len(frame.blobs))
        for slot in frame.slots:
            arrival = self.rates.get(_name(slot), 0.0)
            if slot.policy.kind == "rate" and arrival > now:
                told[slot.number // 10 * 3 - 4 + slot.number % 10] = int((arrival - now) * 1e6)
        return told if any(told) else []

    def forget(self, frame: "Frame") -> None:
        """Valkey decides again of a frame; what was nobody's in the meantime goes too."""
        if time.time() > self._until:
            self.rates.clear()
        for slot in frame.slots:
            self.rates.pop(_name(slot), None)

    def decide(self, frame: "Frame") -> tuple["Slot | None", float, list[int], tuple[str, ...]]:
        """Return which limit denies the request (or None), for how long, and what is left.

        At last, which shadows would have denied it.
        """
        now = time.time()
        if len(self.rates) + len(self.quotas) > LIMIT:
            self.clear()
        denied, wait = None, 0.0
        missed: list[str] = []
        for at, slot in enumerate(frame.slots):
            needed = self._needed(frame, at, slot, now)
            if needed <= ROUNDING:
                continue
            if slot.policy.shadow:
                missed.append(slot.policy.name)
            elif needed > wait:
                denied, wait = slot, needed
        if denied is None:
            for slot in frame.slots:
                if slot.policy.name not in missed:
                    self._take(slot)
        return denied, wait, self._numbers(frame, now), tuple(missed)

    def look(self, frame: "Frame") -> list[int]:
        """Return what is left and when it is whole again, for each slot."""
        now = time.time()
        for at, slot in enumerate(frame.slots):
            self._needed(frame, at, slot, now)
        return self._numbers(frame, now)

    def _needed(self, frame: "Frame", at: int, slot: "Slot", now: float) -> float:
        """Return the seconds to wait for one limit, and bring its state up to now."""
        name = _name(slot)
        if slot.policy.kind == "concurrency":
            return 0.0 if self._places(slot) > 0 else AGAIN
        if slot.policy.kind == "quota":
            if name not in self.quotas:
                left = frame.last[at * 2] if frame.last else slot.policy.limit
                self.quotas[name] = left / self.gateways
            return slot.ends - now if self.quotas[name] < slot.cost else 0.0
        if name not in self.rates:
            reset = frame.last[at * 2 + 1] / 1e6 if frame.last else 0.0
            self.rates[name] = frame.last_at + reset
        arrival = min(max(self.rates[name], now), now + slot.policy.span)
        self.rates[name] = arrival
        self._until = max(self._until, now + slot.policy.span)
        return arrival + self._spends(slot) - slot.policy.span - now

    def _places(self, slot: "Slot") -> int:
        """Return how many more may be under way in this process: its share, and one at least."""
        many = self.crowds.many[slot.blob] if self.crowds else 0
        return max(1, slot.policy.limit // self.gateways) - many

    def _spends(self, slot: "Slot") -> float:
        """Return the seconds of a window that one request takes from this process's share."""
        share = slot.cost * slot.policy.window / slot.policy.limit * self.gateways
        return min(share, slot.policy.span)

    def _take(self, slot: "Slot") -> None:
        name = _name(slot)
        if slot.policy.kind == "quota":
            self.quotas[name] -= slot.cost
        elif slot.policy.kind == "rate":
            self.rates[name] += self._spends(slot)

    def _numbers(self, frame: "Frame", now: float) -> list[int]:
        numbers: list[int] = []
        for slot in frame.slots:
            name = _name(slot)
            if slot.policy.kind == "concurrency":
                numbers += [max(0, self._places(slot)), 0]
                continue
            if slot.policy.kind == "quota":
                numbers += [int(self.quotas[name]), int((slot.ends - now) * 1e6)]
                continue
            reset = self.rates[name] - now
            left = (slot.policy.span - reset) / (self._spends(slot) / slot.cost)
            numbers += [int(left + 0.001), int(max(0.0, reset) * 1e6)]
        return numbers


def _name(slot: "Slot") -> tuple[str, int]:
    return slot.blob, int(slot.ends) * 100 + slot.number
