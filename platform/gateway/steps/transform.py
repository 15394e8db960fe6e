"""Rewrite requests before they leave, and answers before they return."""

import orjson

from apps.catalog.rules import Path
from apps.core.rest.errors import JsonMalformed, MediaTypeUnsupported
from gateway import bodies, rewriting
from gateway.exchange import Exchange, rung
from gateway.reply import Failed

EMPTY = {204, 205, 304}  # answers without a body
PARTIAL = {b"accept-encoding", b"range"}  # what would bring an answer that cannot be looked into
REQUEST, RESPONSE = rung("request_rules"), rung("response_rules")


async def transform_request(exchange: Exchange) -> None:
    """Change headers, query and JSON body as the policy says."""
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    rules = exchange.operation.policy.request
    assert rules is not None  # noqa: S101 - only such operations come here
    if rules.headers:
        exchange.raw_headers = rewriting.headers(rules, exchange.raw_headers)
    if rules.query:
        path, _, query = exchange.target.partition(b"?")
        query = rewriting.query(rules, query)
        exchange.target = path + b"?" + query if query else path
    if rules.body and exchange.length != 0:
        if exchange.headers.get(b"content-encoding", b"identity") != b"identity":
            raise MediaTypeUnsupported("Send the body as it is, without Content-Encoding.")
        await bodies.take(exchange)
        if is_json(exchange.headers.get(b"content-type", b"")):
            try:
                value = orjson.loads(exchange.body)
            except orjson.JSONDecodeError as error:
                raise JsonMalformed(str(error)) from None
            exchange.body = orjson.dumps(rewriting.body(rules, value))
    exchange.trace.append(REQUEST)


async def ask_plainly(exchange: Exchange) -> None:
    """Ask for an answer that can be looked into: whole, and not compressed."""
    exchange.raw_headers = [item for item in exchange.raw_headers if item[0] not in PARTIAL]


async def transform_response(exchange: Exchange) -> None:
    """Change headers and JSON body as the policy says, and leave out what the caller may not see.

    An answer that cannot be looked into is not passed on where something is to be left out: Failed.
    """
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    rules, hidden = exchange.operation.policy.response, _hidden(exchange)
    if rules is not None and rules.headers:
        exchange.answer_headers = rewriting.headers(rules, exchange.answer_headers)
    if (hidden or (rules is not None and rules.body)) and exchange.status not in EMPTY:
        await _rewrite(exchange, hidden)
    exchange.trace.append(RESPONSE)


async def _rewrite(exchange: Exchange, hidden: list[Path]) -> None:
    reply, operation = exchange.reply, exchange.operation
    assert reply is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    told = dict(exchange.answer_headers)
    if exchange.method == "HEAD" or not is_json(told.get(b"content-type", b"")):
        if hidden and exchange.method != "HEAD":
            raise Failed("its answer is no JSON, so nothing can be left out of it")
        return
    if told.get(b"content-encoding", b"identity") != b"identity":
        raise Failed("its answer is compressed, though nobody asked for that")
    value = await bodies.answered(reply)
    if operation.policy.response is not None:
        value = rewriting.body(operation.policy.response, value)
    for place in hidden:
        rewriting.remove(value, place)
    body = orjson.dumps(value)
    reply.replace(body)
    kept = [item for item in exchange.answer_headers if item[0] != b"content-length"]
    exchange.answer_headers = [*kept, (b"content-length", b"%d" % len(body))]


def _hidden(exchange: Exchange) -> list[Path]:
    """Return the places that the caller's scopes do not cover."""
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    fields = operation.policy.fields
    return [p for one in fields if one.scope not in credential.scopes for p in one.places]


def is_json(content_type: bytes) -> bool:
    """Tell whether a media type is JSON, or built on it (RFC 6839)."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or kind.endswith(b"+json")
