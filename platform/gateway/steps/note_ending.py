"""Note which deprecated parts of a request are used: their names from the document, no values."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import orjson

from gateway import bodies, rewriting
from gateway.endings import Ending
from gateway.exchange import PASSED, Exchange, rung
from gateway.steps.transform import is_json

LOOKED_INTO = 256 * 1024  # bytes of a body; a longer one goes by unread


async def note_ending(exchange: Exchange) -> None:
    """Add a decision that names what was used. No request is refused for it."""
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    ending = exchange.operation.ending
    if ending is None:
        return
    used = [*_named(exchange, ending), *(await _in_body(exchange, ending))]
    if used:
        exchange.trace.append(rung("ending", PASSED, used=sorted(set(used))))


def _named(exchange: Exchange, ending: Ending) -> Iterator[str]:
    query = exchange.target.partition(b"?")[2] if ending.query else b""
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else ():
        # ``filter[name]`` is one way to write a part of ``filter``.
        if part := ending.query.get(name) or ending.query.get(name.partition("[")[0]):
            yield part
    yield from (part for name, part in ending.headers if name in exchange.headers)


async def _in_body(exchange: Exchange, ending: Ending) -> list[str]:
    told = exchange.headers
    if not ending.body or not is_json(told.get(b"content-type", b"")):
        return []
    if told.get(b"content-encoding", b"identity") != b"identity":
        return []
    # What comes in chunks is read by nobody on its way: it may be long, and take its time.
    if not exchange.length or exchange.length > LOOKED_INTO:
        return []
    await bodies.take(exchange)
    try:
        value = orjson.loads(exchange.body)
    except orjson.JSONDecodeError:
        return []  # The service has the word on that.
    return [part for place, part in ending.body if rewriting.has(value, place)]
