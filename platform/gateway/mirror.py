"""Limits while Valkey is away: the same arithmetic in this process, at its share of every rate.

Each of N gateways admits a N-th of a rate, beginning where Valkey's last answer left off, and a
N-th of what was left of a quota. Together they admit what the plan allows; nothing is open, nothing
hangs.
"""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.frames import Frame
    from gateway.verdict import Slot

LIMIT = 50_000  # states in memory
ROUNDING = 1e-5  # seconds; what a double cannot tell apart


class Mirror:
    """The state of limits during an outage."""

    def __init__(self) -> None:
        self.gateways = 1  # how many there are, as heartbeats last told
        self.rates: dict[tuple[str, int], float] = {}  # arrival times, seconds since 1970
        self.quotas: dict[tuple[str, int], float] = {}  # what is left for this process

    @property
    def used(self) -> bool:
        return bool(self.rates or self.quotas)

    def clear(self) -> None:
        """Forget: Valkey decides again."""
        self.rates.clear()
        self.quotas.clear()

    def decide(self, frame: "Frame") -> tuple["Slot | None", float, list[int]]:
        """Return which limit denies the request (or None), for how long, and what is left."""
        now = time.time()
        if len(self.rates) + len(self.quotas) > LIMIT:
            self.clear()
        denied, wait = None, 0.0
        for at, slot in enumerate(frame.slots):
            needed = self._needed(frame, at, slot, now)
            if needed > max(wait, ROUNDING):
                denied, wait = slot, needed
        if denied is None:
            for slot in frame.slots:
                self._take(slot)
        return denied, wait, self._numbers(frame, now)

    def look(self, frame: "Frame") -> list[int]:
        """Return what is left and when it is whole again, for each slot."""
        now = time.time()
        for at, slot in enumerate(frame.slots):
            self._needed(frame, at, slot, now)
        return self._numbers(frame, now)

    def _needed(self, frame: "Frame", at: int, slot: "Slot", now: float) -> float:
        """Return the seconds to wait for one limit, and bring its state up to now."""
        name = _name(slot)
        if slot.policy.kind == "quota":
            if name not in self.quotas:
                left = frame.last[at * 2] if frame.last else slot.policy.limit
                self.quotas[name] = left / self.gateways
            return slot.ends - now if self.quotas[name] < slot.cost else 0.0
        if name not in self.rates:
            reset = frame.last[at * 2 + 1] / 1e6 if frame.last else 0.0
            self.rates[name] = frame.last_at + reset
        arrival = min(max(self.rates[name], now), now + slot.policy.window)
        self.rates[name] = arrival
        return arrival + self._spends(slot) - slot.policy.window - now

    def _spends(self, slot: "Slot") -> float:
        """Return the seconds of a window that one request takes from this process's share."""
        share = slot.cost * slot.policy.window / slot.policy.limit * self.gateways
        return min(share, slot.policy.window)

    def _take(self, slot: "Slot") -> None:
        name = _name(slot)
        if slot.policy.kind == "quota":
            self.quotas[name] -= slot.cost
        else:
            self.rates[name] += self._spends(slot)

    def _numbers(self, frame: "Frame", now: float) -> list[int]:
        numbers: list[int] = []
        for slot in frame.slots:
            name = _name(slot)
            if slot.policy.kind == "quota":
                numbers += [int(self.quotas[name]), int((slot.ends - now) * 1e6)]
                continue
            reset = self.rates[name] - now
            left = (slot.policy.window - reset) / (self._spends(slot) / slot.cost)
            numbers += [int(left + 0.001), int(max(0.0, reset) * 1e6)]
        return numbers


def _name(slot: "Slot") -> tuple[str, int]:
    return slot.blob, int(slot.ends) * 100 + slot.number
