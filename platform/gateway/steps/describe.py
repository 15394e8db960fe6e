"""Hold requests and answers against the API's document, or answer from it alone."""

import orjson

from apps.core.rest.errors import JsonMalformed, MediaTypeUnsupported, ValidationFailed
from gateway import bodies, mocking, schemas
from gateway.exchange import Exchange, rung
from gateway.problems import MockUnknown
from gateway.reply import Failed, Reply
from gateway.schemas import Error
from gateway.steps.transform import EMPTY, is_json

FITS, ANSWER_FITS, MOCKED = rung("request_schema"), rung("answer_schema"), rung("mock")


async def check_request(exchange: Exchange) -> None:
    """Refuse a request that the document does not allow, naming every place that is wrong."""
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    shape = exchange.operation.shape
    if shape is None:
        return
    query = exchange.asked.partition(b"?")[2].decode("latin-1")
    found = list(shape.wrong_parameters(exchange.path, query, exchange.headers))
    found += await _wrong_body(exchange, shape)
    if found:
        first = found[0]
        raise ValidationFailed(
            f"{first['param'] or 'The body'}: {first['detail']}",
            param=first["param"] or None,
            errors=[dict(error) for error in found],
        )
    exchange.trace.append(FITS)


async def check_response(exchange: Exchange) -> None:
    """Keep an answer back that the document does not allow: Failed."""
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    assert exchange.reply is not None  # noqa: S101 - as above
    told = dict(exchange.answer_headers).get(b"content-type", b"")
    shape = exchange.operation.shape
    if shape is None or exchange.status in EMPTY or not is_json(told):
        return
    schema = shape.answer(exchange.status, told.decode("latin-1"))
    if schema is None:
        return
    await _hold(exchange.reply, schema)
    exchange.trace.append(ANSWER_FITS)


async def _hold(reply: Reply, schema: schemas.Spot) -> None:
    value = await bodies.answered(reply)
    if errors := schemas.wrong(schema, value):
        place = errors[0]["param"] or "the top"
        raise Failed(f"its answer breaks its own schema at {place}")
    reply.replace(orjson.dumps(value))


async def mock(exchange: Exchange) -> None:
    """Answer with what the document gives as an example."""
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    shape = exchange.operation.shape
    if shape is None:
        raise MockUnknown(f"The document says nothing of {exchange.operation.name}.")
    wanted = _preferred(exchange.headers.get(b"prefer", b""))
    try:
        status, kind, value = mocking.answer(shape, wanted)
    except KeyError as code:
        raise MockUnknown(f"The document knows no answer {code} here.") from None
    body = b""
    if value is not None:
        body = value.encode() if isinstance(value, str) else orjson.dumps(value)
    headers = [(b"content-length", b"%d" % len(body)), (b"trellis-mock", b"true")]
    if kind:
        headers.append((b"content-type", kind.encode("latin-1", "ignore")))
    exchange.reply = Reply.made(status, headers, body)
    exchange.status, exchange.answer_headers = status, headers
    exchange.trace.append(MOCKED)


async def _wrong_body(exchange: Exchange, shape: schemas.Shape) -> list[Error]:
    kind = exchange.headers.get(b"content-type", b"").decode("latin-1")
    schema, required, kinds = shape.body(kind)
    if exchange.length == 0:
        missing = {"param": "", "code": "required", "detail": "A body is required."}
        return [missing] if required else []
    if not kinds:
        return []
    if schema is None:
        raise MediaTypeUnsupported(f"Send the body as {', '.join(kinds)}.")
    if not is_json(kind.encode()):
        return []
    await bodies.take(exchange)
    try:
        value = orjson.loads(exchange.body)
    except orjson.JSONDecodeError as error:
        raise JsonMalformed(str(error)) from None
    return schemas.wrong(schema, value)


def _preferred(header: bytes) -> dict[str, str]:
    """Return ``{"code": "404"}`` for ``Prefer: code=404`` (RFC 7240)."""
    pairs = (item.partition("=") for item in header.decode("latin-1").split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs if value}
