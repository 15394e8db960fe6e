"""Requests that Valkey granted in advance: what a busy credential will ask within milliseconds.

A lease is taken from every limit like the requests that it stands for, so that no gateway can admit
what another one holds. What is not used within ``LIFE`` goes back.
"""

import asyncio
import time

from gateway.verdict import Slots

LIFE = 0.05  # seconds
SPAN = 0.02  # a lease is what came in this many seconds


class Pace:
    """How many requests came lately."""

    __slots__ = ("before", "count", "since")

    def __init__(self) -> None:
        self.since = 0.0
        self.count = self.before = 0

    def step(self, now: float) -> None:
        """Count one request."""
        passed = now - self.since
        if passed >= SPAN:
            self.before = self.count if passed < 2 * SPAN else 0
            self.since, self.count = now, 0
        self.count += 1

    @property
    def lately(self) -> int:
        return max(self.before, self.count)


class Lease:
    """Granted requests, and what Valkey said of the limits when it granted them."""

    __slots__ = ("at", "left", "numbers", "slots", "timer", "told_at")

    def __init__(self, slots: Slots, numbers: list[int], left: int, at: int) -> None:
        self.slots = slots
        self.numbers = numbers
        self.left = left  # requests
        self.at = at  # microseconds of Valkey's clock
        self.told_at = time.monotonic()
        self.timer: asyncio.TimerHandle | None = None

    def take(self) -> list[int]:
        """Use one request; return left and reset of each slot, as if it had been asked for."""
        self.left -= 1
        if not self.left and self.timer is not None:
            self.timer.cancel()
        return self.told()

    def hear(self, numbers: list[int]) -> None:
        """Note what Valkey said later of each slot: the whole lease counts as used there."""
        self.numbers, self.told_at = numbers, time.monotonic()

    def told(self) -> list[int]:
        """Return left and reset of each slot; what the lease still holds counts as left."""
        unused = self.left
        passed = int((time.monotonic() - self.told_at) * 1e6)
        told, at = self.numbers[:], 0
        for cost, spends in self.slots.shares:
            told[at] += unused * cost
            told[at + 1] = max(0, told[at + 1] - passed - int(unused * spends))
            at += 2
        return told
