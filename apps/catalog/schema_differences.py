"""Comparing the schemas of two documents. Pure.

A schema that is referred to is compared once for requests and once for answers, whoever refers to
it: its differences are told at its own name, with the operations that they concern. So the work
grows with the documents, not with the ways through them, and circles end where they begin.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from apps.catalog import pointers
from apps.catalog.view_differences import REQUEST, Found, between
from apps.catalog.views import View, Views

BUDGET: Final = 400_000  # pairs of schemas that are looked at
DEEP: Final = 50  # schemas in one another
RETURNS: Final = frozenset({"$ref", "allOf"})


@dataclass(slots=True)
class Unit:
    """Two schemas that are compared once, and what they lead to."""

    label: str
    before: Any
    after: Any
    side: str
    found: list[Found] = field(default_factory=list)
    leads_to: set[int] = field(default_factory=set)


class Schemas:
    """Compares schemas of two documents."""

    def __init__(self, before: Any, after: Any) -> None:
        self.old, self.new = Views(before), Views(after)
        self.units: list[Unit] = []
        self.looked = 0
        self._known: dict[tuple[Any, Any, str], int] = {}
        self._waiting: deque[int] = deque()

    @property
    def exhausted(self) -> bool:
        """Tell whether something was left out."""
        return self.looked > BUDGET

    def compare(self, before: Any, after: Any, *, label: str, side: str) -> int:
        """Compare two schemas and all that they lead to; return the number of their unit."""
        number = self._unit(before, after, label, side)
        while self._waiting:
            unit = self.units[self._waiting.popleft()]
            one, two = self.old.follow(unit.before), self.new.follow(unit.after)
            if one == two:
                self._follow_all(unit, one)
            else:
                self._look(unit, unit.before, unit.after, unit.label, 0)
        return number

    def _unit(self, before: Any, after: Any, label: str, side: str) -> int:
        key = (_reference(before) or id(before), _reference(after) or id(after), side)
        if key not in self._known:
            name = _reference(after) or _reference(before)
            self._known[key] = len(self.units)
            self.units.append(Unit(name.rpartition("/")[2] or label, before, after, side))
            self._waiting.append(self._known[key])
        return self._known[key]

    def _pair(self, unit: Unit, before: Any, after: Any, place: str, deep: int) -> None:
        """Compare what stands in a unit: there, or as a unit of its own."""
        if before == after:
            self._follow_all(unit, before)
        elif _returns(before) or _returns(after):
            unit.leads_to.add(self._unit(before, after, place, unit.side))
        else:
            self._look(unit, before, after, place, deep)

    def _look(self, unit: Unit, before: Any, after: Any, place: str, deep: int) -> None:
        self.looked += 1
        if self.exhausted or deep > DEEP:
            return
        old, new = self.old.of(before), self.new.of(after)
        if bool(old.groups) != bool(new.groups) and not (old.properties and new.properties):
            # What was one schema is one of several now, or the other way round.
            one = old.groups[0] if old.groups else (before,)
            two = new.groups[0] if new.groups else (after,)
            self._group(unit, (one, two), place, deep)
            return
        unit.found += between(unit.side, old, new, place)
        self._properties(unit, (old, new), place, deep)
        if old.items is not None and new.items is not None:
            self._pair(unit, old.items, new.items, f"{place}[]", deep + 1)
        if isinstance(old.additional, dict) and isinstance(new.additional, dict):
            self._pair(unit, old.additional, new.additional, f"{place}.*", deep + 1)
        for one, two in zip(old.groups, new.groups, strict=False):
            self._group(unit, (one, two), place, deep)

    def _properties(self, unit: Unit, views: tuple[View, View], place: str, deep: int) -> None:
        old, new = views
        was = _shown(self.old, old, unit.side)
        will = _shown(self.new, new, unit.side)
        for name in sorted(was.keys() | will.keys()):
            at = f"{place}.{name}"
            if name not in will:
                closed = unit.side == REQUEST and new.additional is False
                what = "refused" if closed else "removed"
                unit.found.append(Found(f"{unit.side}_property_{what}", at))
            elif name not in was:
                needed = unit.side == REQUEST and name in new.required
                what = "added_required" if needed else "added"
                unit.found.append(Found(f"{unit.side}_property_{what}", at))
            else:
                if (name in old.required) != (name in new.required):
                    what = "required" if name in new.required else "optional"
                    unit.found.append(Found(f"{unit.side}_property_{what}", at))
                if was[name].deprecated != will[name].deprecated:
                    what = "deprecated" if will[name].deprecated else "restored"
                    unit.found.append(Found(f"{unit.side}_property_{what}", at))
                self._pair(unit, old.properties[name], new.properties[name], at, deep + 1)

    def _group(
        self, unit: Unit, groups: tuple[Sequence[Any], Sequence[Any]], place: str, deep: int
    ) -> None:
        """Compare alternatives: those of one name, then those that are alike, then by place."""
        before, after = ({_alternative(one): one for one in group} for group in groups)
        pairs = [(name, before[name], after[name]) for name in before if name in after]
        left = [(name, one) for name, one in before.items() if name not in after]
        fresh = [(name, one) for name, one in after.items() if name not in before]
        for (_, one), (name, two) in zip(left, fresh, strict=False):
            pairs.append((name, one, two))
        for _, one, two in pairs:
            self._pair(unit, one, two, place, deep + 1)
        kind = f"{unit.side}_alternative"
        for name, one in left[len(fresh) :]:
            unit.found.append(Found(f"{kind}_removed", place, before=_called(self.old, one, name)))
        for name, one in fresh[len(left) :]:
            unit.found.append(Found(f"{kind}_added", place, after=_called(self.new, one, name)))

    def _follow_all(self, unit: Unit, node: Any) -> None:
        """Compare what two equal schemas refer to."""
        for reference in references(node):
            same = {"$ref": reference}
            unit.leads_to.add(self._unit(same, same, reference, unit.side))


def references(node: Any) -> Iterator[str]:
    """Return every reference in a part of a document."""
    left = [node]
    while left:
        found = left.pop()
        if isinstance(found, list):
            left += found
        elif isinstance(found, dict):
            if isinstance(reference := found.get("$ref"), str):
                yield reference
            for name, value in found.items():
                if name == "properties" and isinstance(value, dict):
                    left += value.values()  # A property may be called default.
                elif name not in pointers.DATA:
                    left.append(value)


def _reference(schema: Any) -> str:
    """Return where a schema leads that says nothing else of weight."""
    if isinstance(schema, dict) and isinstance(found := schema.get("$ref"), str):
        return "" if schema.keys() - {"$ref", "description", "summary", "title"} else found
    return ""


def _returns(schema: Any) -> bool:
    """Tell whether one may come back to a schema from inside it."""
    return isinstance(schema, dict) and not RETURNS.isdisjoint(schema)


def _shown(views: Views, view: View, side: str) -> dict[str, View]:
    """Return the views of the properties that this side knows."""
    found = {name: views.of(schema) for name, schema in view.properties.items()}
    return {n: one for n, one in found.items() if (one.writes if side == REQUEST else one.reads)}


def _alternative(schema: Any) -> str:
    """Return by what one of several schemas is known again."""
    if not isinstance(schema, dict):
        return str(schema)
    title = schema.get("title")
    return _reference(schema) or (title if isinstance(title, str) else "") or repr(schema)


def _called(views: Views, schema: Any, name: str) -> str:
    if isinstance(schema, dict) and (_reference(schema) or schema.get("title") == name):
        return f"`{name.rpartition('/')[2]}`"
    types = views.of(schema).types
    return " or ".join(sorted(types)) if types else "something else"
