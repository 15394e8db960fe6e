"""What a publication changes, told before it does. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.catalog.openapi import Operation
from apps.catalog.rights import Words

SHOWN = 120  # characters of a value
OF_OPERATION = ("name", "summary", "scopes", "cost", "deprecated", "ending")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: nothing ``before`` is an addition, nothing ``after`` a removal."""

    place: str
    before: str | None = None
    after: str | None = None

    @property
    def sign(self) -> str:
        """Return ``+``, ``-`` or ``~``."""
        if self.before is None:
            return "+"
        return "~" if self.after is not None else "-"

    @property
    def values(self) -> str:
        """Return what was and what will be."""
        if self.before is not None and self.after is not None:
            return f"{self.before} → {self.after}"
        return self.before or self.after or ""

    def __str__(self) -> str:
        return f"{self.sign} {self.place}" + (f": {self.values}" if self.values else "")


def of_operations(
    known: Mapping[tuple[str, str], Operation], described: Iterable[Operation]
) -> Iterator[Change]:
    """Return how operations change: those that come, change, and go."""
    left = dict(known)
    for operation in described:
        before = left.pop(operation.place, None)
        if before is None:
            yield Change(str(operation), None, operation.name)
            continue
        for name in OF_OPERATION:
            yield from of_value(
                f"{operation} {name}", getattr(before, name), getattr(operation, name)
            )
        if before.path != operation.path:
            yield Change(f"{operation} path", before.path, operation.path)
    for before in left.values():
        yield Change(str(before), before.name, None)


def of_scopes(known: Mapping[str, Words], wanted: Mapping[str, Words]) -> Iterator[Change]:
    """Return how the words of scopes change; what nobody needs any more is not told here."""
    for name, words in wanted.items():
        before = known.get(name)
        told = None if before is None else f"{before.title} ({before.risk} risk)"
        after = f"{words.title} ({words.risk} risk)"
        if told != after:
            yield Change(f"scope {name}", told, after)


def of_value(place: str, before: Any, after: Any) -> Iterator[Change]:
    """Return the change of one value, or nothing."""
    if before != after:
        yield Change(place, shown(before), shown(after))


def shown(value: Any) -> str:
    """Return a value as a line of text."""
    if value is None or value in ("", (), [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        value = ", ".join(map(str, value))
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
