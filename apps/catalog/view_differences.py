"""How two views of one schema differ, apart from what is inside them. Pure.

``narrowed`` takes or lets through less than before, ``widened`` more; what that means for programs
depends on the side, and stands in ``apps.catalog.breaking``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.catalog.changes import shown
from apps.catalog.views import LOWER, NOTHING, Bound, View

LISTED: Final = 8  # values in words
WIDER: Final = {("int32", "int64"), ("float", "double")}
REQUEST, ANSWER = "request", "answer"


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. ``kind`` is one of ``apps.catalog.breaking``."""

    kind: str
    place: str = ""
    before: str = ""
    after: str = ""


def between(side: str, old: View, new: View, place: str) -> Iterator[Found]:
    """Return how two views differ themselves."""
    for compare in _COMPARISONS:
        for what, before, after in compare(old, new):
            if side == REQUEST or what not in _REQUESTS_ONLY:
                yield Found(f"{side}_{what}", place, before, after)


def listed(names: Any) -> str:
    """Return some of many names in words."""
    some = sorted(names)
    more = len(some) - LISTED
    told = ", ".join(one if len(one) <= LISTED * 8 else f"{one[: LISTED * 8]}…" for one in some)
    return told if more <= 0 else f"{', '.join(some[:LISTED])[:400]} and {more} more"


Told = Iterator[tuple[str, str, str]]
_REQUESTS_ONLY: Final = {"pattern_changed", "pattern_dropped", "default_changed"}


def _types(old: View, new: View) -> Told:
    if old.types == new.types:
        return
    before, after = _named(old.types), _named(new.types)
    if old.types is None or (new.types is not None and new.types < old.types):
        yield "type_narrowed", before, after
    elif new.types is None or old.types < new.types:
        yield "type_widened", before, after
    else:
        yield "type_changed", before, after


def _values(old: View, new: View) -> Told:
    before, after = old.values, new.values
    if before is None or after is None:
        if after is not None:
            yield "enum_closed", "", listed(after)
        elif before is not None:
            yield "enum_opened", listed(before), ""
        return
    if gone := before.keys() - after.keys():
        yield "enum_narrowed", listed(gone), ""
    if fresh := after.keys() - before.keys():
        yield "enum_widened", "", listed(fresh)


def _formats(old: View, new: View) -> Told:
    if old.format == new.format or old.types != new.types:
        return  # Another type has another format anyway.
    before, after = old.format or "of any form", new.format or "of any form"
    if not new.format or (old.format, new.format) in WIDER:
        yield "format_widened", before, after
    elif not old.format or (new.format, old.format) in WIDER:
        yield "format_narrowed", before, after
    else:
        # Neither holds what the other does: that is the worse of the two on either side.
        yield "format_changed", before, after


def _bounds(old: View, new: View) -> Told:
    for name in sorted(old.bounds.keys() | new.bounds.keys()):
        before, after = old.bounds.get(name), new.bounds.get(name)
        if before != after:
            wider = after is None or (before is not None and _wider(name, before, after))
            told = _bound(name, before), _bound(name, after)
            yield "bound_widened" if wider else "bound_narrowed", *told


def _wider(name: str, before: Bound, after: Bound) -> bool:
    if name == "multipleOf":
        return bool(after[0]) and before[0] % after[0] == 0
    if before[0] == after[0]:
        return not after[1]
    return (after[0] < before[0]) == (name in LOWER)


def _patterns(old: View, new: View) -> Told:
    if old.pattern != new.pattern:
        before, after = shown(old.pattern), shown(new.pattern)
        yield "pattern_changed" if new.pattern else "pattern_dropped", before, after


def _defaults(old: View, new: View) -> Told:
    if old.default != new.default and old.default is not NOTHING:
        after = "nothing" if new.default is NOTHING else shown(new.default)
        yield "default_changed", shown(old.default), after


def _closed(old: View, new: View) -> Told:
    if (old.additional is False) != (new.additional is False):
        yield "closed" if new.additional is False else "opened", "", ""


def _others(old: View, new: View) -> Told:
    for name in sorted(old.other.keys() | new.other.keys()):
        if old.other.get(name, NOTHING) != new.other.get(name, NOTHING):
            yield "constraint_changed", "", name


_COMPARISONS: Final[tuple[Callable[[View, View], Told], ...]] = (
    *(_types, _values, _formats, _bounds, _patterns, _defaults, _closed, _others),
)


def _named(types: frozenset[str] | None) -> str:
    if types is None:
        return "anything"
    shorter = types - {"integer"} if "number" in types else types
    return " or ".join(sorted(shorter, key=lambda name: (name == "null", name))) or "nothing"


def _bound(name: str, bound: Bound | None) -> str:
    if bound is None:
        return f"no {name}"
    if name == "uniqueItems":
        return "each item once"
    value, excluded = bound
    return f"{name} {value:g}" + (" (excluded)" if excluded else "")
