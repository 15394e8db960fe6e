"""Reading a document of JSON or YAML that somebody else wrote, within bounds. Pure.

YAML is read as YAML 1.2 reads it: ``no`` and ``on`` are texts, a date is a text, and what comes out
is always JSON. Aliases are followed as far as the bounds reach, so no few lines become gigabytes.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
import yaml

from apps.core.members import Invalid

LIMIT: Final = 30 * 1024 * 1024  # bytes
DEPTH: Final = 100  # objects and lists in one another
NODES: Final = 3_000_000  # values of all kinds; long texts count for several
NULL: Final = {"", "~", "null", "Null", "NULL"}
TRUTH: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
WHOLE: Final = re.compile(r"[-+]?\d{1,19}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}", re.ASCII)
NUMBER: Final = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d{1,3})?", re.ASCII)
TEXT: Final = "tag:yaml.org,2002:str"
# What must not come out of a scalar: PostgreSQL keeps no NUL, UTF-8 no half of a pair.
UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


def read(data: bytes, *, limit: int = LIMIT) -> Any:
    """Return what ``data`` says as JSON values; Invalid tells the line where it says nothing."""
    if len(data) > limit:
        raise Invalid(f"The document has {len(data):,} bytes; at most {limit:,} are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Invalid(f"Line {line}: the document must be UTF-8.") from None
    return _json(text) if text.lstrip()[:1] in {"{", "["} else _yaml(text)


def _json(text: str) -> Any:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None
    for place, value in walk(found):
        if isinstance(value, str) and UNFIT.search(value):
            raise Invalid(f"{place} holds a character that no text may hold.")
    return found


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Return every value with its place, such as ``paths./pets.get``; Invalid beyond the bounds.

    An object's member names count as values at the object's place.
    """
    left: list[tuple[str, Any, int]] = [("", value, 0)]
    seen = 0
    while left:
        place, found, deep = left.pop()
        seen += 1
        if deep > DEPTH or seen > NODES:
            what = (
                f"deeper than {DEPTH} levels" if deep > DEPTH else f"larger than {NODES:,} values"
            )
            raise Invalid(f"{place[:200] or 'The document'} is {what}.")
        yield place, found
        if isinstance(found, dict):
            for name, inner in found.items():
                yield place, name
                left.append((f"{place}.{name}" if place else str(name), inner, deep + 1))
        elif isinstance(found, list):
            left += [(f"{place}.{at}", inner, deep + 1) for at, inner in enumerate(found)]


def _yaml(text: str) -> Any:
    # The parser's own composer calls itself for each level, and takes the process with it.
    try:
        return _Builder().build(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        raise Invalid(f"{line}{why}.") from None


class _Builder:
    """Makes values of YAML's events, without calling itself."""

    def __init__(self) -> None:
        self._open: list[tuple[Any, str | None, str | None]] = []  # container, key, anchor
        self._known: dict[str, tuple[Any, int]] = {}  # what an anchor names, and its size
        self._sizes: list[int] = [0]
        self._result: list[Any] = []
        self._key: str | None = None

    def build(self, events: Iterator[Any]) -> Any:
        """Return the one document of the stream."""
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                value = event.value if self._wants_key() else _scalar(event)
                self._add(value, event, size=1 + len(event.value) // 64)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self._known:
                    raise _at(event, f"*{event.anchor} names nothing that is complete before it")
                value, size = self._known[event.anchor]
                self._add(value, event, size=size)
        if len(self._result) != 1:
            raise Invalid(f"There must be one document; there are {len(self._result)}.")
        return self._result[0]

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and self._key is None

    def _begin(self, value: Any, event: Any) -> None:
        if self._wants_key():
            raise _at(event, "a member's name must be a text")
        if len(self._open) >= DEPTH:
            raise _at(event, f"the document is deeper than {DEPTH} levels")
        self._open.append((value, self._key, event.anchor))
        self._sizes.append(0)
        self._key = None

    def _end(self, event: Any) -> None:
        value, self._key, anchor = self._open.pop()
        size = self._sizes.pop() + 1
        if anchor:
            self._known[anchor] = (value, size)
        self._add(value, event, size=size)

    def _add(self, value: Any, event: Any, *, size: int) -> None:
        self._sizes[-1] += size
        if sum(self._sizes) > NODES:
            raise _at(event, f"the document is larger than {NODES:,} values")
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            self._known[event.anchor] = (value, size)
        if not self._open:
            self._result.append(value)
        elif isinstance(holder := self._open[-1][0], list):
            holder.append(value)
        elif self._key is None:
            self._name(value, event, holder)
        else:
            holder[self._key], self._key = value, None

    def _name(self, value: Any, event: Any, holder: dict[str, Any]) -> None:
        if not isinstance(value, str):
            raise _at(event, "a member's name must be a text")
        if value == "<<":
            raise _at(event, "merge keys (<<) are not read; write the members out")
        if value in holder:
            raise _at(event, f"{value} stands twice")
        if UNFIT.search(value):
            raise _at(event, "a name holds a character that no text may hold")
        self._key = value


def _scalar(event: Any) -> Any:
    """Return the value of a scalar, as the core schema of YAML 1.2 has it."""
    value: str = event.value
    if UNFIT.search(value):
        raise _at(event, "a text holds a character that no text may hold")
    if not event.implicit[0] or event.tag == TEXT:
        return value
    if value in NULL:
        return None
    if value in TRUTH:
        return TRUTH[value]
    if WHOLE.fullmatch(value):
        return int(value, 0) if value[:2] in {"0o", "0x"} else int(value)
    if NUMBER.fullmatch(value) and math.isfinite(number := float(value)):
        return number
    return value


def _at(event: Any, what: str) -> Invalid:
    return Invalid(f"Line {event.start_mark.line + 1}: {what}.")
