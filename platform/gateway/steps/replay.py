"""A write that is sent twice happens once: the answer to the first is kept for the second.

PostgreSQL is the truth. A claim is made before the service is asked and settled with what it
answers; a refusal, or an answer that says that nothing happened, gives the key free again.
"""

import logging
from typing import Any

from psycopg.types.json import Jsonb

from apps.core import ids
from apps.core.errors import ScopeMissing, Unavailable
from apps.idempotency import sameness
from apps.idempotency.errors import IdempotencyInProgress, IdempotencyMismatch
from gateway import bodies
from gateway.exchange import Exchange, rung
from gateway.reply import Reply
from gateway.store import StoreDown

GRACE = 10.0  # seconds that a claim outlives the longest wait for the service
LARGEST = 1024 * 1024  # bytes of an answer that is kept
KEPT = {b"content-type", b"etag", b"location"}
REVISION = "trellis-version"  # kept too: the service's answer, and for whom it was
FINAL = (
    500  # says that something went wrong halfway; what stands in front of a service says 502 to 504
)
CLAIMED, REPLAYED = rung("idempotency", kept=False), rung("idempotency", kept=True)
log = logging.getLogger(__name__)


async def replay(exchange: Exchange) -> None:
    """Claim the request's idempotency key, or answer as the first time."""
    raw = exchange.headers.get(b"idempotency-key")
    if raw is None or exchange.method not in sameness.METHODS:
        return
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    key = raw.decode("latin-1")
    sameness.check(key)
    if exchange.length != 0:
        await bodies.take(exchange)
    same = sameness.fingerprint(exchange.method, exchange.asked.decode("latin-1"), exchange.body)
    tenant = ids.decode(credential.tenant)[1]
    held = operation.policy.timeout + GRACE
    try:
        found = await exchange.runtime.store.claim(tenant, credential.application, key, same, held)
    except StoreDown:
        raise Unavailable(
            "Idempotency keys cannot be kept right now; nothing was done.",
            headers={"Retry-After": "2"},
        ) from None
    if found["mine"]:
        exchange.claim = found["claim"]
        exchange.trace.append(CLAIMED)
    else:
        _answer(exchange, found, same=same, key=key)


async def retain(exchange: Exchange) -> None:
    """Keep the answer under the claimed key, unless it says that nothing happened."""
    reply, claim = exchange.reply, exchange.claim
    assert reply is not None  # noqa: S101 - steps before this one
    if claim is None:
        return
    told = exchange.status < 400 or exchange.status == FINAL  # noqa: PLR2004 - an error
    body = await bodies.gathered(reply, LARGEST) if told else None
    if body is None:
        await release(exchange)
        return
    if exchange.status == FINAL:
        exchange.answer_headers.append((b"trellis-should-retry", b"false"))
    headers = {
        name.decode(): value.decode("latin-1")
        for name, value in exchange.answer_headers
        if name in KEPT
    }
    if exchange.operation and exchange.operation.place:
        headers[REVISION] = exchange.operation.place.name
    exchange.claim = None
    try:
        await exchange.runtime.store.settle(
            claim, exchange.status, Jsonb(headers), body, _uncovering(exchange)
        )
    except StoreDown:  # It happened, and is told; only a second time cannot be answered yet.
        log.warning("The answer to %s could not be kept under its key.", exchange.request_id)


async def release(exchange: Exchange) -> None:
    """Give a claimed key free: the request may be sent again under it."""
    claim, exchange.claim = exchange.claim, None
    if claim is not None:
        try:
            await exchange.runtime.store.release(claim)
        except StoreDown:
            log.warning("The key of %s stays claimed for a while.", exchange.request_id)


def _answer(exchange: Exchange, found: dict[str, Any], *, same: bytes, key: str) -> None:
    credential = exchange.credential
    assert credential is not None  # noqa: S101 - steps before this one
    if bytes(found["fingerprint"]) != same:
        raise IdempotencyMismatch(
            f"Under {key[:80]!r} another request was sent before. Use a new key for a request "
            "with other parameters.",
            param="Idempotency-Key",
        )
    if found["status"] is None:
        raise IdempotencyInProgress(
            "Its twin has not finished. Send the request again to get its answer.",
            headers={"Retry-After": "1"},
        )
    if missing := sorted(set(found["scopes"]) - credential.scopes):
        raise ScopeMissing(f"The kept answer has members that need {missing[0]}.", scope=missing[0])
    body = bytes(found["body"])
    headers = [(name.encode(), value.encode("latin-1")) for name, value in found["headers"].items()]
    headers += [(b"content-length", b"%d" % len(body)), (b"idempotency-replayed", b"true")]
    if found["status"] == FINAL:
        headers.append((b"trellis-should-retry", b"false"))
    exchange.reply = Reply.made(found["status"], headers, body)
    exchange.status, exchange.answer_headers = found["status"], headers
    exchange.settled = True
    exchange.trace.append(REPLAYED)


def _uncovering(exchange: Exchange) -> list[str]:
    """Return the scopes that let the caller see members of the answer."""
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    return sorted({f.scope for f in operation.policy.fields} & credential.scopes)
