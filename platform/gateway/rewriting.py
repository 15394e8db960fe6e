"""Carrying out rules: what ``apps.catalog.rules`` describes, done to bytes and to JSON. Pure."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from apps.catalog.rules import Path, Rules
from gateway.exchange import Headers


def headers(rules: Rules, given: Headers) -> Headers:
    """Return headers without those that go, and with those that are set."""
    kept = [header for header in given if header[0] not in rules.header_remove]
    return [*kept, *rules.header_set]


def query(rules: Rules, given: bytes) -> bytes:
    """Return a query string (without ``?``) as the rules want it."""
    names = dict(rules.query_rename)
    pairs = parse_qsl(given.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    replaced = {name for name, _ in rules.query_set}
    kept = [
        (names.get(name, name), value)
        for name, value in pairs
        if name not in rules.query_remove and names.get(name, name) not in replaced
    ]
    told = urlencode([*kept], encoding="latin-1")
    ours = urlencode(rules.query_set)
    return "&".join(part for part in (told, ours) if part).encode()


def body(rules: Rules, value: Any) -> Any:
    """Change a JSON value in place, and return it. Places that are not there are no error."""
    for place in rules.body_remove:
        remove(value, place)
    for place, name in rules.body_rename:
        for holder in _holders(value, place[:-1]):
            if isinstance(holder, dict) and place[-1] in holder:
                holder[name] = holder.pop(place[-1])
    for place, wanted in rules.body_set:
        _set(value, place, wanted)
    return value


def remove(value: Any, place: Path) -> None:
    """Take what is at ``place`` out of a JSON value."""
    last = place[-1]
    for holder in _holders(value, place[:-1]):
        if last == "*":
            if isinstance(holder, list | dict):
                holder.clear()
        elif isinstance(holder, dict):
            holder.pop(last, None)


def has(value: Any, place: Path) -> bool:
    """Tell whether there is something at ``place`` of a JSON value."""
    return any(
        isinstance(holder, dict) and place[-1] in holder for holder in _holders(value, place[:-1])
    )


def _set(value: Any, place: Path, wanted: Any) -> None:
    last = place[-1]
    for holder in _holders(value, place[:-1]):
        if isinstance(holder, dict) and last != "*":
            holder[last] = wanted


def _holders(value: Any, place: Path) -> Iterator[Any]:
    """Yield every value at ``place``."""
    if not place:
        yield value
        return
    first, rest = place[0], place[1:]
    if first == "*":
        for item in value if isinstance(value, list) else ():
            yield from _holders(item, rest)
    elif isinstance(value, dict) and first in value:
        yield from _holders(value[first], rest)
