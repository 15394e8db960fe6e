"""Pass the request to its backend, and the backend's answer on."""

import time
from collections.abc import Container
from functools import lru_cache, partial
from typing import Any

import orjson

from apps.core import caller as callers
from apps.core.caller import Caller
from gateway import bodies
from gateway.credential import Credential
from gateway.exchange import FAILED, Exchange, Headers, rung
from gateway.ladder import LONG, MANY, error_of
from gateway.places import LEADING, Places
from gateway.pool import Pool
from gateway.reply import Reply
from gateway.steps.record import masked

HOP_BY_HOP = {
    b"connection",
    b"expect",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
# What the gateway says itself, and what no backend needs to know.
NOT_PASSED_ON = HOP_BY_HOP | {
    b"authorization",
    b"content-length",
    b"cookie",
    b"dpop",
    b"forwarded",
    b"host",
    b"traceparent",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-real-ip",
}
NOT_PASSED_BACK = HOP_BY_HOP | {
    b"date",
    b"dpop-nonce",
    b"ratelimit",
    b"ratelimit-policy",
    b"server",
    b"set-cookie",
    b"surrogate-key",
    b"trellis-request-id",
    b"trellis-version",
}
ENDINGS = {b"deprecation", b"sunset"}  # may stand once only
ANSWERED = rung("backend")


async def dispatch(exchange: Exchange) -> None:
    """Send the request upstream and take over status and headers of the answer.

    An earlier step may have an answer already, made up. Raises Failed when the service gives none.
    """
    if exchange.reply is not None:
        return
    began = time.perf_counter_ns()
    try:
        exchange.reply = reply = await _ask(exchange)
    finally:
        exchange.backend_us = (time.perf_counter_ns() - began) // 1000
    exchange.status = reply.status
    exchange.trace.append(ANSWERED)
    exchange.answer_headers = _answer_headers(exchange, reply)
    if reply.status >= 400:  # noqa: PLR2004 - an error
        problem = _problem(reply)
        exchange.code = str(problem.get("code", ""))
        exchange.trace.append(rung("answer", FAILED, status=reply.status, **problem))


async def _ask(exchange: Exchange) -> Reply:
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - steps before this one
    stream, limit = None, operation.policy.body_limit
    if not exchange.taken and exchange.length != 0:
        if exchange.length is None and limit > bodies.LOOKED_INTO:
            stream = bodies.chunked(bodies.pieces(exchange, limit))
        elif exchange.length is None or exchange.length <= bodies.SHORT:
            await bodies.take(exchange)
        else:
            stream = bodies.pieces(exchange, limit)
    # Our own backends know a request by its key when it comes again; of others nobody knows.
    keyed = not operation.upstream and b"idempotency-key" in exchange.headers
    repeatable = keyed or exchange.method not in {"POST", "PATCH"}
    head = partial(_head, exchange, streamed=stream is not None)
    return await exchange.runtime.upstreams[operation.upstream].send(
        head,
        stream,
        repeatable=repeatable,
        seconds=operation.policy.timeout,
        retries=operation.policy.retries,
    )


def _head(exchange: Exchange, pool: Pool, *, streamed: bool) -> bytes:
    """Return the request's head for a target and, unless it is streamed, its body."""
    told = lines(exchange, pool, "GET" if exchange.method == "HEAD" else exchange.method)
    if streamed and exchange.length is None:
        told.append(b"transfer-encoding: chunked")
    elif streamed:
        told.append(b"content-length: %d" % (exchange.length or 0))
    elif exchange.body or not exchange.reading:
        told.append(b"content-length: %d" % len(exchange.body))
    return b"\r\n".join(told) + b"\r\n\r\n" + exchange.body


def lines(exchange: Exchange, pool: Pool, method: str) -> list[bytes]:
    """Return the lines of a request's head for a target, but for the length of its body."""
    runtime = exchange.runtime
    target, path = place(exchange)
    told = [
        method.encode() + b" " + target + b" HTTP/1.1",
        b"host: " + pool.authority,
        b"trellis-caller: " + vouch(exchange, method, path).encode(),
        b"trellis-request-id: " + exchange.request_id.encode(),
        b"traceparent: " + exchange.traceparent,
        b"x-forwarded-for: " + exchange.address.encode(),
        *runtime.forwarded,
    ]
    kept_back: Container[bytes] = NOT_PASSED_ON
    if b"connection" in exchange.headers:  # which may stand several times
        lists = (value for name, value in exchange.raw_headers if name == b"connection")
        kept_back = _kept_back(b",".join(lists))
    for name, value in exchange.raw_headers:
        # WSGI reads an underscore as a hyphen: trellis_caller would stand in for ours.
        if (
            name in kept_back
            or b"_" in name
            or (name[:8] == b"trellis-" and name != b"trellis-version")
        ):
            continue
        told.append(name + b": " + value)
    return told


@lru_cache(maxsize=256)
def _kept_back(connection: bytes) -> frozenset[bytes]:
    """Return the headers that end here, those that ``Connection`` lists among them (RFC 9110)."""
    return frozenset(NOT_PASSED_ON | _listed(connection))


@lru_cache(maxsize=256)
def _listed(connection: bytes) -> frozenset[bytes]:
    """Return the headers that ``Connection`` lists."""
    return frozenset(name.strip().lower() for name in connection.split(b","))


def place(exchange: Exchange) -> tuple[bytes, str]:
    """Return where the service knows what was asked: the target with its query, and the path."""
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - steps before this one
    target, path = exchange.target, exchange.path
    if operation.upstream:
        target = (operation.base + target[operation.own :]) or b"/"
        path = (operation.base.decode() + path[operation.own :]) or "/"
    return target, path


def vouch(exchange: Exchange, method: str, path: str) -> str:
    """Return ``Trellis-Caller``: who asks, for this method and path of the service only."""
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    return callers.seal(
        credential.prepared.get("caller") or _standing(credential),
        request_id=exchange.request_id,
        audience=operation.api,
        method=method,
        path=path,
        key=exchange.runtime.caller_key(operation.api),
        now=time.time(),
    )


def _standing(credential: Credential) -> bytes:
    """Return what every request of a credential says of it, made once."""
    caller = Caller(
        request_id="",
        application=credential.application,
        organization=credential.organization,
        tenant=credential.tenant,
        livemode=credential.livemode,
        credential=credential.key,
        scopes=credential.scopes,
        plan=credential.plan,
        subject=credential.subject,
    )
    made = credential.prepared["caller"] = callers.standing(caller)
    return made


def _places(exchange: Exchange) -> Places:
    """Return the addresses of the service behind the operation, inside and outside."""
    runtime, operation = exchange.runtime, exchange.operation
    assert operation is not None  # noqa: S101 - steps before this one
    return Places(
        own=[target.pool.url for target in runtime.upstreams[operation.upstream].targets],
        known=[runtime.settings.api_url, runtime.settings.portal_url],
        base=operation.base.decode(),
        prefix=exchange.path[: operation.own],
    )


def _answer_headers(exchange: Exchange, reply: Reply) -> Headers:
    """Return the backend's headers; what the gateway says of ends outranks what it says."""
    credential, operation = exchange.credential, exchange.operation
    ending = (credential and credential.rotated_at) or (operation and operation.notice)
    ours = NOT_PASSED_BACK | ENDINGS if ending else NOT_PASSED_BACK
    for name, value in reply.headers:
        if name == b"connection":
            ours = ours | _listed(value)
    headers = [
        header
        for header in reply.headers
        if header[0] not in ours and not header[0].startswith(b"access-control-")
    ]
    # Our own backends know their addresses as callers do.
    if operation and operation.upstream and any(name in LEADING for name, _ in headers):
        return _places(exchange).told(headers)
    return headers


def _problem(reply: Reply) -> dict[str, Any]:
    """Return what a problem document says, in short; nothing where the answer is none."""
    try:
        found = orjson.loads(reply.whole()) if reply.complete else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {}
    said = {name: found[name] for name in ("code", "detail", "param") if name in found}
    told: dict[str, Any] = {
        name: masked(value[:LONG]) for name, value in said.items() if isinstance(value, str)
    }
    errors = found.get("errors")
    if isinstance(errors, list):
        told["errors"] = [error_of(one) for one in errors[:MANY] if isinstance(one, dict)]
    return told
