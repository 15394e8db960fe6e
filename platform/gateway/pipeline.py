"""The way of a request: the steps in order, then the answer and its record."""

import asyncio
import logging

from apps.core.errors import Problem
from apps.core.rest.errors import InternalError, UpstreamFailed, UpstreamTimeout
from gateway import answers
from gateway.exchange import Exchange, Message, Step
from gateway.ladder import blame
from gateway.reply import Failed, Reply, TimedOut
from gateway.steps.authenticate import authenticate
from gateway.steps.dispatch import dispatch
from gateway.steps.prove import prove
from gateway.steps.receive import receive
from gateway.steps.record import record
from gateway.steps.replay import release
from gateway.steps.route import route
from gateway.vigil import fallen

# The steps of every request; those of its operation come after.
FIRST: tuple[Step, ...] = (receive, authenticate, prove, route)
log = logging.getLogger(__name__)


async def find(exchange: Exchange) -> None:
    """Take a request to its operation: who calls, and what."""
    step: Step | None = None
    try:
        for step in FIRST:
            await step(exchange)
    except Problem as problem:
        blame(exchange, step, problem)
        raise


async def serve(exchange: Exchange) -> None:
    """Take one request through the steps and answer it."""
    shedding = exchange.runtime.shedding
    shedding.size += 1
    step: Step | None = None
    try:
        await find(exchange)
        assert exchange.operation is not None  # noqa: S101 - the last of those has found it
        if shedding.size > shedding.least:
            shedding.check(exchange.operation.policy.priority)
        for step in exchange.operation.steps:
            await step(exchange)
            if exchange.settled:
                break
    except Problem as problem:
        blame(exchange, step, problem)
        await refuse(exchange, problem)
        return
    except Failed as failure:
        await _fail(exchange, step, failure)
        return
    except Exception as defect:
        log.exception("The gateway failed at %s.", exchange.request_id)
        blame(exchange, step, defect)
        await refuse(exchange, InternalError())
        return
    finally:
        shedding.size -= 1
    reply = exchange.reply
    assert reply is not None  # noqa: S101 - the last step has set it
    exchange.answer_headers += answers.common(exchange)
    if reply.complete:
        body = b"" if exchange.method == "HEAD" else reply.whole()
        await answer(exchange, body)
    else:
        await _pass_on(exchange, reply)


async def _fail(exchange: Exchange, step: Step | None, failure: Failed) -> None:
    """Tell the caller that the service did not answer."""
    blame(exchange, step, failure)
    kind = UpstreamTimeout if isinstance(failure, TimedOut) else UpstreamFailed
    await refuse(exchange, kind(f"The service behind {exchange.api} failed: {failure}."))


async def refuse(exchange: Exchange, problem: Problem) -> None:
    """Answer with a problem document."""
    body = await settle(exchange, problem)
    await answer(exchange, b"" if exchange.method == "HEAD" else body)


async def settle(exchange: Exchange, problem: Problem) -> bytes:
    """Make a problem document the answer; a known caller learns what is left of the limits."""
    if exchange.reply is not None:
        exchange.reply.drop("it is not passed on")
    if exchange.claim is not None:
        await release(exchange)
    if exchange.credential and exchange.verdict is None and problem.status != 401:  # noqa: PLR2004 - nobody's limits
        exchange.verdict = await exchange.runtime.limiter.look(exchange.credential)
    exchange.code = problem.code
    exchange.status, exchange.answer_headers, body = answers.refusal(exchange, problem)
    return body


async def answer(exchange: Exchange, body: bytes) -> None:
    """Record the request and send an answer that is there as a whole."""
    record(exchange, bytes_out=len(body))
    await exchange.send(_start(exchange))
    await exchange.send({"type": "http.response.body", "body": body})


def _start(exchange: Exchange) -> Message:
    if exchange.runtime.stopping.is_set():
        exchange.answer_headers.append((b"connection", b"close"))
    return {
        "type": "http.response.start",
        "status": exchange.status,
        "headers": exchange.answer_headers,
    }


async def _pass_on(exchange: Exchange, reply: Reply) -> None:
    """Pass a long answer on piece by piece; the last one leaves after the record is written.

    An answer that breaks off is broken off here too: returning without an end closes the
    connection, so nobody takes half an answer for a whole one.
    """
    watches = _watches(exchange, reply)
    sent, held = 0, b""
    start, begun = _start(exchange), False
    try:
        if reply.events:  # Nobody knows when the first one comes: that it is listened to is news.
            await exchange.send(start)
            begun = True
        while (chunk := await reply.read()) is not None:
            if exchange.method == "HEAD":
                continue
            sent += len(chunk)
            # Where a length was announced, the last byte is the end: it waits for the record.
            now, held = (held, chunk) if reply.length is not None else (chunk, b"")
            if now:
                if not begun:
                    await exchange.send(start)
                    begun = True
                await exchange.send({"type": "http.response.body", "body": now, "more_body": True})
    except Failed as failure:
        if not begun and not watches[0].done():
            await _fail(exchange, dispatch, failure)
            return
        exchange.code = exchange.code or "upstream_failed"
        log.warning("The answer to %s broke off: %s.", exchange.request_id, failure)
        record(exchange, bytes_out=sent)
        return
    finally:
        for watch in watches:
            watch.cancel()
    record(exchange, bytes_out=sent)
    if not begun:
        await exchange.send(start)
    await exchange.send({"type": "http.response.body", "body": held})


def _watches(exchange: Exchange, reply: Reply) -> list[asyncio.Task[None]]:
    """Begin to look for what ends an answer early; a stream of events would never end itself."""
    ends = [_hang_up(exchange)]
    if reply.events:
        ends += [_fall(exchange), _stop(exchange)]
    return [asyncio.create_task(end) for end in ends]


async def _fall(exchange: Exchange) -> None:
    """End a stream whose listener may not hear it any more."""
    problem = await fallen(exchange)
    exchange.code = problem.code
    if exchange.reply is not None:
        exchange.reply.drop(problem.detail)


async def _stop(exchange: Exchange) -> None:
    """End a stream when the gateway ends; the listener connects to another one."""
    await exchange.runtime.stopping.wait()
    if exchange.reply is not None:
        exchange.reply.drop("the gateway stops")


async def _hang_up(exchange: Exchange) -> None:
    """End the upstream's work when nobody waits for the answer any more."""
    while (await exchange.receive())["type"] != "http.disconnect":
        pass
    if exchange.reply is not None:
        exchange.reply.drop("the caller hung up")
