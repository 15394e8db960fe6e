"""Tell a request in the words of the newest revision, and its answer in those of the caller's."""

import logging
import re
from urllib.parse import parse_qsl, urlencode

import orjson

from apps.catalog import revisions
from apps.core.rest.errors import JsonMalformed, MediaTypeUnsupported
from gateway import bodies
from gateway.exchange import Exchange, Headers
from gateway.problems import RevisionFailed
from gateway.reply import Failed
from gateway.revisions import HEADER, Place
from gateway.steps.replay import replay
from gateway.steps.transform import EMPTY, is_json

TAG = re.compile(rb'(?:W/)?"[^"]*"')
NOT_TWICE = {"Trellis-Should-Retry": "false"}
log = logging.getLogger(__name__)


async def upgrade(exchange: Exchange) -> None:
    """Make an older request one that the service understands."""
    place = _place(exchange)
    assert place.chain is not None  # noqa: S101 - only such operations come here
    if place.chain.response:
        exchange.raw_headers = _conditions(exchange.raw_headers, place.mark)
    try:
        if place.chain.query:
            _query(exchange, place.chain)
        if place.chain.request and exchange.length != 0:
            await _body(exchange, place.chain)
    except revisions.Broken as broken:
        raise _failed(exchange, broken, "The request reached nobody.") from broken


async def downgrade(exchange: Exchange) -> None:
    """Make an answer one of the caller's revision: whole, or not at all.

    Problem documents, streams and whatever is no JSON are the same in every revision.
    """
    place, reply = _place(exchange), exchange.reply
    assert place.chain is not None  # noqa: S101 - only such operations come here
    assert reply is not None  # noqa: S101 - steps before this one
    headers = exchange.answer_headers
    told = dict(headers)
    if exchange.status in EMPTY:
        exchange.answer_headers = _tagged(headers, place.mark)
        return
    if exchange.status >= 300 or not is_json(told.get(b"content-type", b"")):  # noqa: PLR2004 - OK
        return
    if told.get(b"content-encoding", b"identity") != b"identity":
        raise Failed("its answer is compressed, though nobody asked for that")
    raw = await bodies.gathered(reply, bodies.LOOKED_INTO)
    if raw is None:
        raise _too_large(exchange, place)
    try:
        body = orjson.dumps(revisions.run(place.chain.response, orjson.loads(raw)))
    except orjson.JSONDecodeError:
        raise Failed("its answer is no JSON, though it says so") from None
    except (revisions.Broken, orjson.JSONEncodeError) as broken:
        raise _failed(exchange, broken, "The service did what was asked.", done=True) from broken
    reply.replace(body)
    kept = [item for item in _tagged(headers, place.mark) if item[0] != b"content-length"]
    exchange.answer_headers = [*kept, (b"content-length", b"%d" % len(body))]


async def replay_as_first(exchange: Exchange) -> None:
    """Replay in the revision of the first answer, whichever the caller is served in by now."""
    await replay(exchange)
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - steps before this one
    if not exchange.settled or operation.dated is None:
        return
    first = dict(exchange.answer_headers).get(HEADER, b"").decode()
    exchange.answer_headers = [item for item in exchange.answer_headers if item[0] != HEADER]
    exchange.operation = operation.dated.served.get(first, operation)
    if (place := exchange.operation.place) and place.chain and place.chain.response:
        await downgrade(exchange)


def _query(exchange: Exchange, chain: revisions.Chain) -> None:
    path, _, query = exchange.target.partition(b"?")
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    made = urlencode(revisions.run(chain.query, pairs), encoding="latin-1").encode()
    exchange.target = exchange.asked = path + b"?" + made if made else path


async def _body(exchange: Exchange, chain: revisions.Chain) -> None:
    if not is_json(exchange.headers.get(b"content-type", b"")):
        return
    if exchange.headers.get(b"content-encoding", b"identity") != b"identity":
        raise MediaTypeUnsupported("Send the body as it is, without Content-Encoding.")
    await bodies.take(exchange)
    try:
        value = orjson.loads(exchange.body)
    except orjson.JSONDecodeError as error:
        raise JsonMalformed(str(error)) from None
    exchange.body = orjson.dumps(revisions.run(chain.request, value))
    exchange.length = len(exchange.body)


def _conditions(headers: Headers, mark: bytes) -> Headers:
    """Return headers whose entity tags are the service's; those of other revisions match none."""
    made = []
    for name, value in headers:
        if name == b"if-match":
            made.append((name, value.replace(mark + b'"', b'"')))
        elif name == b"if-none-match":
            own = [tag for tag in TAG.findall(value) if tag.endswith(mark + b'"')]
            told = b", ".join(own).replace(mark + b'"', b'"') or value.strip()
            if own or told == b"*":
                made.append((name, told))
        else:
            made.append((name, value))
    return made


def _tagged(headers: Headers, mark: bytes) -> Headers:
    """Return headers in which the entity tag is that of this revision's bytes."""
    return [
        (name, value[:-1] + mark + b'"' if name == b"etag" and value.endswith(b'"') else value)
        for name, value in headers
    ]


def _place(exchange: Exchange) -> Place:
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - steps before this one
    assert operation.place is not None  # noqa: S101 - only such operations come here
    return operation.place


def _newest(exchange: Exchange) -> str:
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - steps before this one
    return operation.dated.history.newest if operation.dated else ""


def _failed(
    exchange: Exchange, why: Exception, consequence: str, *, done: bool = False
) -> RevisionFailed:
    """Return what the caller hears when a function raised; the operator finds why in the log."""
    place, newest = _place(exchange), _newest(exchange)
    log.error("%s at %s failed: %s", exchange.request_id, place.name, why, exc_info=why)
    return RevisionFailed(
        f"What stands between the revisions {place.name} and {newest} failed. {consequence} "
        f"Trellis-Version: {newest} goes without it.",
        headers=NOT_TWICE if done and not exchange.reading else {},
    )


def _too_large(exchange: Exchange, place: Place) -> RevisionFailed:
    return RevisionFailed(
        f"The answer has more than {bodies.LOOKED_INTO} bytes, too many to be told in the "
        f"revision {place.name}. Ask for less at once, or send Trellis-Version: "
        f"{_newest(exchange)}.",
        headers={} if exchange.reading else NOT_TWICE,
    )
