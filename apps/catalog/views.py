"""A schema as it works: references followed, ``allOf`` merged, OpenAPI 3.0 and 3.1 alike. Pure.

Whatever stands where something else belongs is passed over: no document that is published may keep
another one from being compared with it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from apps.catalog import pointers
from apps.core.members import Invalid

DEEP: Final = 30  # schemas that are merged into one another
LOWER: Final = ("minimum", "minLength", "minItems", "minProperties")
UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
EXACT: Final = ("multipleOf", "uniqueItems")
# What is only told to have changed, not how.
OTHER: Final = (
    *("not", "if", "then", "else", "patternProperties", "prefixItems", "contains"),
    *("dependentSchemas", "dependentRequired", "propertyNames", "unevaluatedProperties"),
)
KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
KINDS_OF_DATA: Final = {**KINDS, list: "array", dict: "object"}
NULL: Final = frozenset({"null"})
NOTHING: Final[Any] = object()
Bound = tuple[float, bool]  # and whether it excludes the value itself


@dataclass(frozen=True, slots=True)
class View:
    """What one schema says. ``types`` None is any type, ``values`` None any value."""

    types: frozenset[str] | None = None
    values: dict[str, Any] | None = None  # by their JSON
    format: str = ""
    pattern: str = ""
    default: Any = NOTHING
    bounds: dict[str, Bound] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    additional: Any = True
    items: Any = None
    groups: tuple[tuple[Any, ...], ...] = ()  # oneOf and anyOf
    other: dict[str, Any] = field(default_factory=dict)
    deprecated: bool = False
    reads: bool = True  # whether answers have it
    writes: bool = True  # whether requests take it


class Joined(dict[str, Any]):
    """A schema that stands nowhere in a document: what several say together of one property."""


class Views:
    """The views of one document's schemas, each made once."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self._made: dict[int, tuple[Any, View]] = {}  # with its schema, so that no id comes back
        self._open: set[int] = set()  # those that are being made
        self._joined: dict[tuple[int | str, ...], Joined] = {}

    def of(self, schema: Any) -> View:
        """Return what ``schema`` says."""
        return self._of(schema, 0)

    def follow(self, value: Any) -> Any:
        """Return ``value``, or what it refers to in the end; None where that is nothing."""
        try:
            found = pointers.follow(self.document, value)
        except Invalid:
            return None
        return None if found is pointers.MISSING else found

    def _of(self, schema: Any, deep: int) -> View:
        if not isinstance(schema, dict):
            return View(other={"false": True}) if schema is False else View()
        if known := self._made.get(id(schema)):
            return known[1]
        if deep > DEEP or id(schema) in self._open:
            return View()  # What holds itself adds nothing to itself.
        self._open.add(id(schema))
        made = self._read(schema, deep)
        self._open.discard(id(schema))
        self._made[id(schema)] = schema, made
        return made

    def _read(self, schema: dict[str, Any], deep: int) -> View:
        view = _own(schema)
        parts = [part for part in _list(schema.get("allOf")) if part is not schema]
        if isinstance(schema.get("$ref"), str):
            parts.append(self.follow({"$ref": schema["$ref"]}))
        for part in parts:
            view = self._both(view, self._of(part, deep + 1))
        for name in ("oneOf", "anyOf"):
            if group := _list(schema.get(name)):
                view = self._with(view, group, deep)
        if view.types is None:
            view = replace(view, types=self._types(view, deep))
        if schema.get("nullable") is True and view.types is not None:
            view = replace(view, types=view.types | NULL)
        return view

    def _with(self, view: View, group: list[Any], deep: int) -> View:
        """Return a view with alternatives; null and one other are that other, or null."""
        rest = [one for one in group if not _is_null(one)]
        if len(rest) == len(group) or len(rest) != 1:
            return replace(view, groups=(*view.groups, tuple(group)))
        inner = self._of(rest[0], deep + 1)
        both = self._both(replace(view, types=None), inner)
        return both if both.types is None else replace(both, types=both.types | NULL)

    def _both(self, one: View, two: View) -> View:
        """Return the view of what fits both."""
        properties = {**one.properties, **two.properties}
        for name in one.properties.keys() & two.properties.keys():
            properties[name] = self._join(one.properties[name], two.properties[name])
        return View(
            types=_common(one.types, two.types),
            values=_shared(one.values, two.values),
            format=one.format or two.format,
            pattern=one.pattern or two.pattern,
            default=two.default if one.default is NOTHING else one.default,
            bounds={**two.bounds, **one.bounds},
            properties=properties,
            required=one.required | two.required,
            additional=two.additional if one.additional is True else one.additional,
            items=two.items if one.items is None else one.items,
            groups=(*one.groups, *(group for group in two.groups if group not in one.groups)),
            other={**two.other, **one.other},
            deprecated=one.deprecated or two.deprecated,
            reads=one.reads and two.reads,
            writes=one.writes and two.writes,
        )

    def _join(self, *schemas: Any) -> Any:
        """Return one schema for several, the same for the same ones: else circles never end."""
        parts: dict[int | str, Any] = {}
        for schema in schemas:
            inner = schema["allOf"] if isinstance(schema, Joined) else [schema]
            parts |= {_identity(part): part for part in inner}
        if len(parts) == 1:
            return next(iter(parts.values()))
        key = tuple(sorted(parts, key=str))
        return self._joined.setdefault(key, Joined(allOf=list(parts.values())))

    def _types(self, view: View, deep: int) -> frozenset[str] | None:
        """Return the types that a schema means without naming one."""
        if view.values is not None:
            return _types([KINDS_OF_DATA.get(type(one), "") for one in view.values.values()])
        if view.properties or view.required:
            return frozenset({"object"})
        if view.items is not None:
            return frozenset({"array"})
        for group in view.groups:
            found = [self._of(one, deep + 1).types for one in group]
            if None not in found:
                return frozenset().union(*(one for one in found if one is not None))
        return None


def _own(schema: dict[str, Any]) -> View:
    """Return what a schema says itself."""
    values = schema.get("enum")
    if "const" in schema:
        values = [schema["const"]]
    properties = schema.get("properties")
    additional = schema.get("additionalProperties", True)
    return View(
        types=_types(schema.get("type")),
        values=_values(values) if isinstance(values, list) else None,
        format=_word(schema.get("format")),
        pattern=_word(schema.get("pattern")),
        default=schema.get("default", NOTHING),
        bounds=dict(_bounds(schema)),
        properties=dict(properties) if isinstance(properties, dict) else {},
        required=frozenset(one for one in _list(schema.get("required")) if isinstance(one, str)),
        additional=additional if isinstance(additional, dict | bool) else True,
        items=schema.get("items") if isinstance(schema.get("items"), dict | bool) else None,
        other={name: schema[name] for name in OTHER if name in schema},
        deprecated=schema.get("deprecated") is True,
        reads=schema.get("writeOnly") is not True,
        writes=schema.get("readOnly") is not True,
    )


def _bounds(schema: dict[str, Any]) -> Iterator[tuple[str, Bound]]:
    for name in (*LOWER, *UPPER, "multipleOf"):
        if (value := _number(schema.get(name))) is not None:
            yield name, (value, False)
    for word, name in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        said = schema.get(word)
        inner = _number(schema.get(name) if said is True else said)  # True is OpenAPI 3.0's
        if inner is not None:
            yield name, (inner, True)
    if schema.get("uniqueItems") is True:
        yield "uniqueItems", (1, False)


def _identity(schema: Any) -> int | str:
    alone = isinstance(schema, dict) and schema.keys() == {"$ref"}
    return str(schema["$ref"]) if alone else id(schema)


def _types(named: Any) -> frozenset[str] | None:
    names = [named] if isinstance(named, str) else _list(named)
    found = {name for name in names if isinstance(name, str) and name}
    if "number" in found:
        found.add("integer")
    return frozenset(found) or None


def _common(one: frozenset[str] | None, two: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or two is None:
        return two if one is None else one
    return one & two


def _shared(one: dict[str, Any] | None, two: dict[str, Any] | None) -> dict[str, Any] | None:
    if one is None or two is None:
        return two if one is None else one
    return {name: value for name, value in one.items() if name in two}


def _values(values: list[Any]) -> dict[str, Any]:
    """Return values by their JSON; null is a matter of types."""
    return {json.dumps(value, sort_keys=True): value for value in values if value is not None}


def _is_null(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    alone = schema.get("type") == "null" or schema.get("enum") == [None]
    return alone or ("const" in schema and schema["const"] is None)


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
