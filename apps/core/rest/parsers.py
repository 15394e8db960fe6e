"""Bodies: JSON only, and never more of it than anyone needs."""

import json
from collections.abc import Iterator
from typing import Any, Never

from rest_framework.parsers import BaseParser

from apps.core.rest.errors import BodyTooComplex, BodyTooLarge, JsonMalformed

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 16
MAX_MEMBERS = 10_000
MAX_STRING = 64 * 1024


class BoundedJSONParser(BaseParser):
    """Read a JSON object of bounded size, depth, members and string length."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the object; a Problem names line and column of what cannot be read."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise too_large(len(body))
        return loads(body) if body.strip() else {}


def too_large(size: int) -> BodyTooLarge:
    """Return the refusal of a body of ``size`` bytes."""
    return BodyTooLarge(f"The body has {size} bytes or more; {MAX_BYTES} are accepted.")


def loads(body: bytes) -> dict[str, Any]:
    """Return the JSON object that ``body`` holds, within bounds and without repeated names."""
    try:
        found = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise JsonMalformed(f"Byte {error.start + 1} of the body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise JsonMalformed(
            f"{error.msg} at line {error.lineno}, column {error.colno}.",
            line=error.lineno,
            column=error.colno,
        ) from None
    except RecursionError:
        raise BodyTooComplex(f"The body is nested more than {MAX_DEPTH} levels deep.") from None
    except ValueError:  # An integer of more than 4300 digits, which Python refuses to read.
        raise JsonMalformed("A number in the body has too many digits.") from None
    if not isinstance(found, dict):
        raise JsonMalformed(f"The body must be a JSON object, not {_name(found)}.")
    _check_bounds(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = set[str]()
        for name, _ in pairs:  # Counting each name would take minutes for a body full of them.
            if name in seen:
                raise JsonMalformed(f"The member {name[:80]!r} occurs twice in one object.")
            seen.add(name)
    return found


def _no_constant(name: str) -> Never:
    raise JsonMalformed(f"{name} is not a JSON value.")


def _name(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _check_bounds(found: dict[str, Any]) -> None:
    members = 0
    level: list[Any] = [found]
    for depth in range(MAX_DEPTH + 1):
        if not level:
            return
        if depth == MAX_DEPTH:
            raise BodyTooComplex(f"The body is nested more than {MAX_DEPTH} levels deep.")
        parts = [part for container in level for part in _parts(container)]
        members += len(parts)
        if members > MAX_MEMBERS:
            raise BodyTooComplex(f"The body has more than {MAX_MEMBERS} members.")
        for part in parts:
            if isinstance(part, str):
                _check_text(part)
        level = [part for part in parts if isinstance(part, dict | list)]


def _parts(container: Any) -> Iterator[Any]:
    if isinstance(container, dict):
        for name in container:
            _check_text(name)
        yield from container.values()
    else:
        yield from container


def _check_text(text: str) -> None:
    if len(text) > MAX_STRING:
        raise BodyTooComplex(f"A string in the body is longer than {MAX_STRING} characters.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise JsonMalformed("A string in the body holds half of a surrogate pair.")
    if "\0" in text:
        raise JsonMalformed("A string in the body holds the character U+0000.")
