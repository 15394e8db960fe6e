"""Figures against their bounds, and what a row of the table says in the end."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.faults.ledger import Entry, Ledger

HELD, BROKEN, BUSY = "held", "BROKEN", "not judged, the machine is too busy"


@dataclass(frozen=True)
class Figure:
    """One figure: what was measured, and whether that is within the bound."""

    text: str
    state: str = HELD


def at_most(name: str, value: float, bound: float, unit: str, *, noise: float = 0.0) -> Figure:
    """Return a figure that may not be higher. With ``noise`` above the bound nobody can tell."""
    text = f"{name} {value:.4g} {unit} (at most {bound:g})"
    if noise > bound:
        text += f", where nothing is wrong {noise:.4g}"
    if value <= bound:
        return Figure(text)
    return Figure(text, BUSY if noise > bound else BROKEN)


def at_least(name: str, value: float, bound: float, unit: str) -> Figure:
    """Return a figure that may not be lower."""
    text = f"{name} {value:.5g} {unit} (at least {bound:g})"
    return Figure(text, HELD if value >= bound else BROKEN)


def none_of(name: str, found: Sequence[object]) -> Figure:
    """Return a figure that must be zero; the first few are shown when it is not."""
    shown = f": {'; '.join(str(one) for one in found[:3])}" if found else ""
    return Figure(f"{name} {len(found)}{shown}", BROKEN if found else HELD)


def books(ledger: Ledger) -> list[Figure]:
    """Return whether everything was executed, answered and counted as it should be."""
    return [
        none_of("in the ledger: wrong", ledger.faults()),
        none_of("answered and not counted", ledger.lost()),
    ]


def told(text: str) -> Figure:
    """Return a figure that has no bound."""
    return Figure(text)


@dataclass
class Row:
    """One thing that breaks, and what came of it."""

    title: str
    figures: list[Figure] = field(default_factory=list)

    @property
    def state(self) -> str:
        states = {figure.state for figure in self.figures}
        return next((state for state in (BROKEN, BUSY) if state in states), HELD)

    def show(self) -> None:
        """Print the row."""
        sys.stdout.write(f"{self.title}: {self.state}\n")
        for figure in self.figures:
            mark = {HELD: " ", BROKEN: "!", BUSY: "?"}[figure.state]
            sys.stdout.write(f"  {mark} {figure.text}\n")
        sys.stdout.flush()


def p99(entries: Iterable[Entry]) -> float:
    """Return the milliseconds within which 99 of 100 requests were over."""
    took = sorted(one.took for one in entries)
    return took[min(len(took) - 1, int(len(took) * 0.99))] * 1000 if took else 0.0


def middle(values: Sequence[float]) -> float:
    """Return the median: one busy moment of the machine decides nothing."""
    return median(values) if values else 0.0


def success(entries: Sequence[Entry]) -> float:
    """Return the percentage of requests that were answered as they should be."""
    return 100 * sum(one.good for one in entries) / max(1, len(entries))
