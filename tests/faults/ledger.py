"""What clients asked, what services saw, what usage counted: held against each other at the end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

UNSAFE = {"POST", "PATCH"}
WELL = range(200, 300)
# How a request may end without an answer: each tells the client that there is none.
REFUSED, CLOSED, TORN, LATE = "refused", "closed", "torn", "late"


@dataclass
class Entry:
    """One request, as its client has it."""

    id: str
    number: int  # of those of its flow
    method: str
    at: float  # seconds, when it was sent
    took: float = 0.0
    status: int = 0
    code: str = ""
    request_id: str = ""
    ended: str = ""  # "" with a whole answer
    right: bool = True  # whether an answer of the service says what was asked
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not self.ended and self.status in WELL


@dataclass(frozen=True)
class Counted:
    """One row of usage."""

    id: str  # of the entry, from the path
    request_id: str
    status: int


@dataclass
class Ledger:
    """Three books of the same requests, whose ids begin with ``name``."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    counted: list[Counted] = field(default_factory=list)
    repeatable: bool = False  # whether safe methods may have been sent again

    def read(self, book: Path) -> None:
        """Take over what a service wrote down."""
        self.seen.update(line.split(" ", 1)[0] for line in book.read_text().splitlines())

    def faults(self) -> list[str]:
        """Return what is wrong, in sentences; nothing else may be."""
        return [*self._answers(), *self._executions(), *self._usage()]

    def lost(self) -> list[Entry]:
        """Return the requests that were answered, and not counted."""
        known = {row.request_id for row in self.counted}
        return [one for one in self.entries if one.request_id and one.request_id not in known]

    def unanswered(self) -> list[Entry]:
        """Return the requests that reached a gateway, and whose answer reached nobody."""
        return [one for one in self.entries if one.ended and one.ended != REFUSED]

    def _answers(self) -> Iterable[str]:
        for one in self.entries:
            if one.good and not self.seen[one.id]:
                yield f"{one.id} was answered {one.status} and no service saw it"
            if one.good and not one.right:
                yield f"{one.id} was answered {one.status} with something else than the answer"

    def _executions(self) -> Iterable[str]:
        methods = {one.id: one.method for one in self.entries}
        for name, times in self.seen.items():
            method = methods.get(name, "nobody's")
            most = 2 if self.repeatable and method not in UNSAFE else 1
            if times > most:
                yield f"{name} ({method}) was executed {times} times"

    def _usage(self) -> Iterable[str]:
        entries = {one.id: one for one in self.entries}
        for request_id, times in Counter(row.request_id for row in self.counted).items():
            if times > 1:
                yield f"{request_id} was counted {times} times"
        for name, times in Counter(row.id for row in self.counted).items():
            if times > 1:
                yield f"{name} was counted {times} times"
            if name not in entries:
                yield f"{name} was counted, and nobody asked it"
        for row in self.counted:
            one = entries.get(row.id)
            if one and one.request_id and not one.ended and one.status != row.status:
                yield f"{row.id} was answered {one.status} and counted as {row.status}"
