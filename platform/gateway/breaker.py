"""Giving a service that fails a rest: a circuit breaker over a sliding window.

Closed, it counts. Open, it lets nothing through until a pause is over, and then one request each
pause; the first that succeeds closes it again (half-open in the words of Nygard, Release It!).
"""

from apps.catalog import upstreams

SLICES = 10  # of a window: how finely it slides


class Breaker:
    """What one gateway knows of one service's failures. Times are the event loop's seconds."""

    def __init__(self, settings: upstreams.Breaker) -> None:
        self.settings = settings
        self.opened = False
        self.again = 0.0  # when the next try may go through
        self._slice = settings.window / SLICES
        self._slot = 0
        self._past: list[tuple[int, int, int]] = []  # slot, successes, failures
        self._good = self._bad = 0  # in the slot that runs

    def wait(self, now: float) -> float:
        """Return for how many seconds no request may pass; with 0 this one may."""
        if not self.opened:
            return 0.0
        if now < self.again:
            return self.again - now
        self.again = now + self.settings.pause
        return 0.0

    def note(self, now: float, *, good: bool) -> None:
        """Count how a request ended."""
        slot = int(now / self._slice)
        if slot != self._slot:
            self._turn(slot)
        if good:
            self._good += 1
            if self.opened:
                self._close()
            return
        self._bad += 1
        if self.opened:
            self.again = now + self.settings.pause
        elif self._failing():
            self.opened, self.again = True, now + self.settings.pause

    def _turn(self, slot: int) -> None:
        """Begin another slot, and forget those that left the window."""
        self._past.append((self._slot, self._good, self._bad))
        self._past = [entry for entry in self._past if entry[0] > slot - SLICES]
        self._slot, self._good, self._bad = slot, 0, 0

    def _failing(self) -> bool:
        bad = self._bad + sum(entry[2] for entry in self._past)
        total = bad + self._good + sum(entry[1] for entry in self._past)
        return total >= self.settings.requests and bad >= self.settings.ratio * total

    def _close(self) -> None:
        self.opened, self._past, self._good, self._bad = False, [], 1, 0
