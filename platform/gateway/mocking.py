"""Answers made up from an OpenAPI document: its examples, or else what its schemas allow. Pure."""

from typing import Any

from gateway.schemas import Shape, Spot

DEEPEST = 6  # objects in one another
OK = range(200, 300)
TEXTS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com",
    "url": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
UNSAID: Any = object()
NUMBERS = {"integer": 1, "number": 1.5}


def answer(shape: Shape, wanted: dict[str, str]) -> tuple[int, str, Any]:
    """Return status, media type and value of an answer to an operation.

    ``wanted`` may name a ``code`` that the document has, and one of its ``example``s (the words of
    RFC 7240, ``Prefer: code=404``). KeyError when the document has no such code.
    """
    answers = shape.spot.inner("responses")
    codes = list(answers.node) if answers else []
    code = wanted.get("code") or next((c for c in sorted(codes) if c[:1] == "2"), "200")
    name = next((c for c in (code, f"{code[:1]}XX", "default") if c in codes), None)
    if name is None and "code" in wanted:
        raise KeyError(code)
    status = int(code) if code.isdecimal() else OK.start
    content = answers.inner(name, "content") if answers and name else None
    if content is None:
        return status, "", None
    kind = next((k for k in content.node if "json" in k), next(iter(content.node), ""))
    media = content.inner(kind)
    return status, kind, _example(media, wanted.get("example", "")) if media else None


def _example(media: Spot, name: str) -> Any:
    if "example" in media.node and not name:
        return media.node["example"]
    examples = media.node.get("examples")
    if isinstance(examples, dict) and examples:
        chosen = media.inner("examples", name if name in examples else next(iter(examples)))
        if chosen and "value" in chosen.node:
            return chosen.node["value"]
    schema = media.inner("schema")
    return value(schema) if schema else None


def value(schema: Spot, depth: int = 0) -> Any:
    """Return a value that a schema allows, the same every time."""
    node = schema.node
    given = next((node[name] for name in ("example", "const", "default") if name in node), UNSAID)
    if given is not UNSAID:
        return given
    for name in ("examples", "enum"):
        if isinstance(node.get(name), list) and node[name]:
            return node[name][0]
    for name in ("oneOf", "anyOf"):
        if node.get(name) and (first := schema.inner(name, "0")):
            return value(first, depth)
    return _merged(schema, depth) if node.get("allOf") else _typed(schema, depth)


def _typed(schema: Spot, depth: int) -> Any:
    node = schema.node
    kinds = node.get("type", "object" if "properties" in node else None)
    kind = next((k for k in kinds if k != "null"), None) if isinstance(kinds, list) else kinds
    if kind == "array":
        items = schema.inner("items")
        return [value(items, depth + 1)] if items and depth < DEEPEST else []
    if kind in NUMBERS:
        return max(NUMBERS[kind], node.get("minimum", NUMBERS[kind]))
    made = {"object": _object(schema, depth), "string": _text(node), "boolean": True}
    return made.get(str(kind))


def _object(schema: Spot, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    required = schema.node.get("required", [])
    for name in schema.node.get("properties", {}):
        if depth >= DEEPEST and name not in required:
            continue
        if depth < 2 * DEEPEST and (inner := schema.inner("properties", name)):
            made[name] = value(inner, depth + 1)
    return made


def _merged(schema: Spot, depth: int) -> Any:
    made: dict[str, Any] = {}
    for number in range(len(schema.node["allOf"])):
        part = schema.inner("allOf", str(number))
        found = value(part, depth) if part else None
        if not isinstance(found, dict):
            return found
        made |= found
    return made | _object(schema, depth)


def _text(node: dict[str, Any]) -> str:
    text = TEXTS.get(str(node.get("format")), "text")
    least = node.get("minLength", 0)
    return text.ljust(min(least, 1000), "x")[: max(node.get("maxLength", 1000), 0)]
