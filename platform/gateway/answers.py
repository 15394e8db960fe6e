"""What the gateway itself answers: problem documents, and the headers that every answer carries."""

import re
from email.utils import formatdate
from typing import Any

import orjson

from apps.core.errors import Problem, document
from gateway.challenges import challenges
from gateway.credential import Credential
from gateway.exchange import Exchange, Headers
from gateway.verdict import left_header, policy_header

EXPOSED = (
    b"Trellis-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Idempotency-Replayed, ETag, "
    b"Link, Deprecation, Sunset, Trellis-Version, WWW-Authenticate, DPoP-Nonce"
)
ALLOWED = (
    b"Authorization, Content-Type, DPoP, Idempotency-Key, If-Match, If-None-Match, "
    b"Trellis-Version, traceparent, tracestate"
)
HEADER_NAMES = re.compile(rb"[\w-]{1,64}(?:, ?[\w-]{1,64}){0,40}", re.ASCII)
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
PREFLIGHT_FOR = b"600"  # seconds in which a browser need not ask again


def common(exchange: Exchange) -> Headers:
    """Return the headers of every answer: request id, limits, and leave for the portal to read."""
    headers = [(b"trellis-request-id", exchange.request_id.encode())]
    verdict = exchange.verdict
    if verdict and verdict.slots:
        headers += (
            (b"ratelimit-policy", _policy(exchange)),
            (b"ratelimit", left_header(verdict)),
        )
    credential = exchange.credential
    if credential and credential.rotated_at:
        headers += _retiring(exchange, credential)
    elif exchange.operation and exchange.operation.notice:
        headers += exchange.operation.notice
    if exchange.operation and exchange.operation.place:
        headers += exchange.operation.place.told
    if exchange.nonce:
        headers.append((b"dpop-nonce", exchange.nonce.encode()))
    if exchange.origin:
        headers += cors(exchange.origin)
    return headers


def cors(origin: bytes) -> Headers:
    """Return the headers that let a page of ``origin`` read an answer."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", EXPOSED),
        (b"vary", b"Origin"),
    ]


def preflight(origin: bytes, asked: bytes) -> Headers:
    """Return the headers of the answer to a browser that asks before it calls.

    ``asked`` are the headers it would send: services know more than ours, and no header stands for
    a person here.
    """
    more = b", " + asked if HEADER_NAMES.fullmatch(asked) else b""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", ALLOWED + more),
        (b"access-control-max-age", PREFLIGHT_FOR),
        (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        (b"content-length", b"0"),
    ]


def refusal(exchange: Exchange, problem: Problem) -> tuple[int, Headers, bytes]:
    """Return status, headers and body that tell a caller what is wrong."""
    body = orjson.dumps(
        document(
            problem,
            portal_url=exchange.runtime.settings.portal_url,
            request_id=exchange.request_id,
        )
    )
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers += challenges(exchange, problem)
    return int(problem.status), headers + common(exchange), body


def once(headers: Headers) -> Headers:
    """Return headers with each name once, for a reader that knows no repeated ones."""
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        joined[name] = joined[name] + b", " + value if name in joined else value
    return list(joined.items())


def plain(status: int, document: dict[str, Any]) -> tuple[int, Headers, bytes]:
    """Return a small answer of the gateway's own pages."""
    body = orjson.dumps(document)
    return (
        status,
        [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ],
        body,
    )


def _retiring(exchange: Exchange, credential: Credential) -> Headers:
    """Return what tells that a key has a successor (RFC 9745) and when it ends (RFC 8594)."""
    made: Headers | None = credential.prepared.get("retiring")
    if made is None:
        link = f'<{exchange.runtime.settings.portal_url}/docs/keys>; rel="deprecation"'
        made = [
            (b"deprecation", b"@%d" % (credential.rotated_at or 0)),
            (b"link", link.encode()),
        ]
        if credential.expires_at:
            made.append((b"sunset", formatdate(credential.expires_at, usegmt=True).encode()))
        credential.prepared["retiring"] = made
    return made


def _policy(exchange: Exchange) -> bytes:
    """Return ``RateLimit-Policy``; it changes with the credential and the calendar only."""
    credential, verdict = exchange.credential, exchange.verdict
    if credential is None or verdict is None:
        return b""
    known: tuple[Any, bytes] | None = credential.prepared.get("policy")
    if known is None or known[0] is not verdict.slots:
        known = verdict.slots, policy_header(verdict.slots)
        credential.prepared["policy"] = known
    return known[1]
