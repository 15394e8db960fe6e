"""What an OpenAPI document says of requests and answers, ready to be held against real ones.

Validators are made from places in the document when they are first needed, and all share it as one
registered resource; 3.0's own words are put into JSON Schema 2020-12 once (nullable, and bounds
that exclude). Checking a small body takes about a microsecond.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qs, quote

import jsonschema_rs as jsonschema

from apps.catalog import pointers

NAME = "urn:trellis:document"
SAFE = "#/~%!$&'()*+,;=:@"  # what stands plainly in a fragment, or is encoded already
BOOLEANS = {"true": True, "false": False}
MOST = 20  # errors that are told at once
IGNORED = {"accept", "content-type", "authorization"}  # headers that OpenAPI leaves alone
Error = dict[str, str]


class Document:
    """One version's document."""

    def __init__(self, raw: dict[str, Any]) -> None:
        old = str(raw.get("openapi", "")).startswith("3.0")
        self.raw: dict[str, Any] = _modern(raw) if old else raw

    @cached_property
    def registry(self) -> jsonschema.Registry:
        return jsonschema.Registry([(NAME, self.raw)], draft=jsonschema.Draft202012)

    def shape(self, method: str, path: str) -> "Shape | None":
        """Return what it says of an operation, by the path that it writes itself."""
        item = self.spot(f"#/paths/{_escaped(path)}")
        spot = self.spot(f"#/paths/{_escaped(path)}/{method.lower()}")
        return Shape(self, path, item, spot) if item and spot else None

    def spot(self, pointer: str) -> "Spot | None":
        """Return a place, or the place that it refers to; None where there is nothing."""
        for _ in range(pointers.MOST):
            node = pointers.resolve(self.raw, pointer)
            if not isinstance(node, dict):
                return None
            if not isinstance(reference := node.get("$ref"), str):
                return Spot(self, pointer, node)
            pointer = reference
        return None


class Spot:
    """An object in a document, and where it stands."""

    def __init__(self, document: Document, pointer: str, node: dict[str, Any]) -> None:
        self.document = document
        self.pointer = pointer
        self.node = node

    def inner(self, *names: str) -> "Spot | None":
        """Return the object below, through references, and through lists by number."""
        found, rest = self, ""
        for name in names:
            rest += f"/{_escaped(name)}"
            if spot := self.document.spot(found.pointer + rest):
                found, rest = spot, ""
        return None if rest else found

    @cached_property
    def validator(self) -> Any:
        """What holds values against this schema; None where nothing can be made of it."""
        try:
            return jsonschema.Draft202012Validator(
                {"$ref": NAME + quote(self.pointer, safe=SAFE)},
                registry=self.document.registry,
                offline=True,
            )
        except (ValueError, jsonschema.ReferencingError):
            return None


class Parameter:
    """One parameter of an operation."""

    def __init__(self, spot: Spot) -> None:
        self.name = str(spot.node.get("name"))
        self.place = str(spot.node.get("in"))
        self.required = bool(spot.node.get("required"))
        self.schema = spot.inner("schema")
        self.type = self.schema.node.get("type") if self.schema else None

    def read(self, texts: list[str]) -> Any:
        """Return the value that the texts of a query, header or path stand for."""
        if self.type == "array":
            items = self.schema.inner("items") if self.schema else None
            kind = items.node.get("type") if items else None
            split = texts if len(texts) > 1 else texts[0].split(",")
            return [_value(text, kind) for text in split]
        return _value(texts[-1], self.type)


class Shape:
    """What a document says of one operation."""

    def __init__(self, document: Document, path: str, item: Spot, spot: Spot) -> None:
        self.document, self.item, self.spot = document, item, spot
        literal = re.split(r"\{[^{}]*\}", path)
        self._names = re.findall(r"\{\+?([^{}]*)\}", path)
        self._path = re.compile("([^/]+)".join(map(re.escape, literal)) + "$")

    @cached_property
    def parameters(self) -> list[Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for holder in (self.item, self.spot):  # An operation's own replaces the path's.
            for number in range(len(holder.node.get("parameters", []))):
                if spot := self.document.spot(f"{holder.pointer}/parameters/{number}"):
                    one = Parameter(spot)
                    found[one.place, one.name] = one
        return list(found.values())

    def wrong_parameters(
        self, path: str, query: str, headers: dict[bytes, bytes]
    ) -> Iterator[Error]:
        """Yield what is wrong with path, query and headers."""
        asked = parse_qs(query, keep_blank_values=True)
        match = self._path.search(path)
        told = dict(zip(self._names, match.groups(), strict=True)) if match else {}
        for one in self.parameters:
            texts = asked.get(one.name)
            if one.place == "path":
                texts = [told[one.name]] if one.name in told else None
            elif one.place == "header":
                name = one.name.lower()
                raw = None if name in IGNORED else headers.get(name.encode())
                texts = None if raw is None else [raw.decode("latin-1")]
            elif one.place != "query":
                continue
            if texts is None:
                if one.required and one.place == "query":
                    yield {"param": one.name, "code": "required", "detail": "It is required."}
            elif one.schema is not None:
                yield from _wrong(one.schema, one.read(texts), one.name)

    def body(self, content_type: str) -> tuple[Spot | None, bool, list[str]]:
        """Return the schema for a body, whether one is required, and which types there are."""
        spot = self.spot.inner("requestBody")
        if spot is None:
            return None, False, []
        found = _media(spot.inner("content"), content_type)
        return found, bool(spot.node.get("required")), list(spot.node.get("content", {}))

    def answer(self, status: int, content_type: str) -> Spot | None:
        """Return the schema for an answer, where there is one."""
        for name in (str(status), f"{status // 100}XX", "default"):
            if spot := self.spot.inner("responses", name):
                return _media(spot.inner("content"), content_type)
        return None


def wrong(schema: Spot, value: Any) -> list[Error]:
    """Return what is wrong with a body: for each error its place, a code, and words."""
    return list(_wrong(schema, value, ""))


def _wrong(schema: Spot, value: Any, name: str) -> Iterator[Error]:
    if schema.validator is None:
        return
    for number, error in enumerate(schema.validator.iter_errors(value)):
        if number == MOST:
            return
        place = _place(name, error.instance_path)
        yield {"param": place, "code": _code(error), "detail": str(error.message)[:500]}


def _place(name: str, path: list[str | int]) -> str:
    told = name
    for part in path:
        told += f"[{part}]" if isinstance(part, int) else f".{part}" if told else part
    return told


def _code(error: Any) -> str:
    """Return ``minLength`` as ``min_length``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", error.kind.name).lower()


def _media(content: Spot | None, content_type: str) -> Spot | None:
    """Return the schema for a media type: its own, or that of its kind, or that of all."""
    kind = content_type.partition(";")[0].strip().lower()
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if content is not None and (found := content.inner(name)):
            return found.inner("schema")
    return None


def _value(text: str, kind: Any) -> Any:
    """Return what a text stands for; a text that does not fit stays one, and is found wrong."""
    kinds = kind if isinstance(kind, list) else [kind]
    if "integer" in kinds and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if "number" in kinds and re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text):
        return float(text)
    if "boolean" in kinds and text in BOOLEANS:
        return BOOLEANS[text]
    return text


@lru_cache(maxsize=4096)
def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _modern(node: Any) -> Any:
    """Return a part of an OpenAPI 3.0 document in the words of JSON Schema 2020-12."""
    if isinstance(node, list):
        return [_modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        name: value if name in pointers.DATA else _modern(value) for name, value in node.items()
    }
    if made.get("nullable") is True:
        del made["nullable"]
        if isinstance(kind := made.get("type"), str):
            made["type"] = [kind, "null"]
            if isinstance(listed := made.get("enum"), list) and None not in listed:
                made["enum"] = [*listed, None]
        else:
            made = {"anyOf": [made, {"type": "null"}]}
    for bound in ("Minimum", "Maximum"):
        if made.get(f"exclusive{bound}") is True:
            made[f"exclusive{bound}"] = made.pop(bound.lower(), 0)
        elif made.get(f"exclusive{bound}") is False:
            del made[f"exclusive{bound}"]
    return made
