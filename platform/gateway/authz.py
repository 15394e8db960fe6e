"""The decision alone, for an operator's own data plane (external authorization).

It asks about each request before it passes it on, and names the request in one of two ways:

* nginx, ``auth_request``: ``GET /authz`` with ``X-Original-Method`` and ``X-Original-URI``. nginx
  tells refusals apart as 401 and 403 only and passes no body on, so ``Trellis-Status`` carries the
  real status and ``Trellis-Problem`` the problem document.
* Envoy, ``ext_authz`` over HTTP: the request's own method, and ``/authz`` before its path.

``Trellis-Authz-Secret`` shows that it is the data plane who asks, for only it may say from where a
caller came (``Trellis-Authz-Address``), and hold what backends believe.
"""

import hmac
import json
import logging
import re
from urllib.parse import unquote_to_bytes

import orjson

from apps.catalog.policies import PLAIN
from apps.core.errors import Problem
from apps.core.rest.errors import InternalError
from gateway import answers, pipeline
from gateway.answers import once
from gateway.course import course, opening
from gateway.exchange import Exchange, Headers, Step, rung
from gateway.ladder import blame
from gateway.problems import AuthzMalformed, AuthzUntrusted, PathInvalid, PolicyNeedsGateway
from gateway.steps.dispatch import place, vouch
from gateway.steps.receive import plain, receive
from gateway.steps.record import record
from gateway.steps.remember import keep, recall

PREFIX = b"/authz"
SECRET, ADDRESS = b"trellis-authz-secret", b"trellis-authz-address"
METHOD, URI = b"x-original-method", b"x-original-uri"
ABOUT_THE_CALL = {
    SECRET,
    ADDRESS,
    METHOD,
    URI,
    b"content-length",
    b"transfer-encoding",
    b"x-forwarded-for",
}
PLAIN_TEXT = re.compile(rb"[!\"$-~]*")  # no blank, no fragment, nothing that must be encoded
TOKEN = re.compile(rb"[A-Z]{1,16}")
# What a request goes without when the gateway does not carry it, and nobody is the worse for it.
SPARED = {recall, keep}
LONGEST = 400  # characters of a detail: header lines have their limits
OK, UNAUTHORIZED, FORBIDDEN = 200, 401, 403
log = logging.getLogger(__name__)


async def decide(exchange: Exchange) -> None:
    """Answer whether a request may pass. Without a secret there is no such page."""
    secrets = exchange.runtime.settings.authz
    if not secrets:
        await pipeline.serve(exchange)
        return
    named = exchange.raw_path == PREFIX  # in headers, as nginx does
    _trust(exchange, secrets)
    _unwrap(exchange, named=named)
    try:
        await _admit(exchange)
    except Problem as problem:
        body = await pipeline.settle(exchange, problem)
    except Exception as defect:
        log.exception("The gateway failed at %s.", exchange.request_id)
        blame(exchange, None, defect)
        body = await pipeline.settle(exchange, InternalError())
    else:
        body = b""
        exchange.status, exchange.answer_headers = OK, _passed(exchange)
    record(exchange, bytes_out=0)
    await _answer(exchange, body, named=named)


def _trust(exchange: Exchange, secrets: tuple[bytes, ...]) -> None:
    """Refuse everybody but the data plane; every secret is compared, whichever fits."""
    told = exchange.headers.get(SECRET, b"")
    if not any([hmac.compare_digest(told, secret) for secret in secrets]):  # noqa: C419 - as said
        raise AuthzUntrusted


def _unwrap(exchange: Exchange, *, named: bool) -> None:
    """Put the caller's request in the place of the one that asks about it."""
    headers = exchange.headers
    method, uri = exchange.method.encode(), exchange.asked.removeprefix(PREFIX)
    if named:
        method, uri = headers.get(METHOD, b""), headers.get(URI, b"")
    address = headers.get(ADDRESS, b"").decode("latin-1")
    if not (TOKEN.fullmatch(method) and uri and plain(address)):
        raise AuthzMalformed(
            "Name the method, the URI and, in Trellis-Authz-Address, the address of the caller."
        )
    path = uri.partition(b"?")[0]
    exchange.method = method.decode()
    exchange.raw_path, exchange.asked, exchange.target = path, uri, uri
    exchange.path = unquote_to_bytes(path).decode("utf-8", "replace")
    exchange.address = address
    exchange.raw_headers = [item for item in exchange.raw_headers if item[0] not in ABOUT_THE_CALL]
    exchange.headers = dict(exchange.raw_headers)


async def _admit(exchange: Exchange) -> None:
    """Take the steps that decide."""
    step: Step | None = receive
    try:
        if not PLAIN_TEXT.fullmatch(exchange.asked):
            raise PathInvalid("The URI contains what must be encoded, or a fragment.")
        await pipeline.find(exchange)
        step = hand_over
        await hand_over(exchange)
        assert exchange.operation is not None  # noqa: S101 - it was found
        for step in opening(exchange.operation.policy):
            await step(exchange)
    except Problem as problem:
        blame(exchange, step, problem)
        raise
    exchange.trace.append(rung("handed_over"))


async def hand_over(exchange: Exchange) -> None:
    """Refuse what would need more than a decision, for nobody would do it."""
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - it was found
    beyond = {*operation.steps} - {*opening(operation.policy), *course(PLAIN)} - SPARED
    if beyond:
        named = ", ".join(sorted(step.__name__ for step in beyond))
        raise PolicyNeedsGateway(
            f"The policy of {operation.name} asks for what only the gateway does: {named}."
        )


def _passed(exchange: Exchange) -> Headers:
    """Return what the backend is told in the gateway's name, and the caller in the answer."""
    target, path = place(exchange)
    return [
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"trellis-caller", vouch(exchange, exchange.method, path).encode()),
        (b"trellis-target", target),
        (b"traceparent", exchange.traceparent),
        *answers.common(exchange),
    ]


async def _answer(exchange: Exchange, body: bytes, *, named: bool) -> None:
    status, headers = exchange.status, exchange.answer_headers
    if named and status != OK:
        headers = [item for item in once(headers) if item[0] != b"content-length"]
        headers += [
            (b"content-length", b"0"),
            (b"trellis-status", b"%d" % status),
            (b"trellis-problem", _line(body)),
        ]
        status = UNAUTHORIZED if status == UNAUTHORIZED else FORBIDDEN
        body = b""
    elif exchange.method == "HEAD":
        body = b""
    await exchange.send({"type": "http.response.start", "status": status, "headers": headers})
    await exchange.send({"type": "http.response.body", "body": body})


def _line(body: bytes) -> bytes:
    """Return a problem document as a header can carry it."""
    document = orjson.loads(body)
    document["detail"] = document["detail"][:LONGEST]
    return json.dumps(document, separators=(",", ":")).encode("ascii")
