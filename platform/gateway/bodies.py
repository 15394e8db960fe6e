"""Bodies: a request's, read as a whole or piece by piece, and an answer's, as JSON."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

from gateway.exchange import Exchange
from gateway.problems import BodyIncomplete, BodySlow
from gateway.reply import Failed, Reply
from gateway.steps.receive import too_large

SHORT = 64 * 1024  # bodies up to this length travel with the head
PATIENCE = 15.0  # seconds for which a body may keep us waiting; each of its bytes adds to them
SLOWEST = 1024  # bytes a second
LOOKED_INTO = 4 * 1024 * 1024  # bytes of a body that the gateway reads as a whole


async def take(exchange: Exchange) -> None:
    """Read a body as a whole: one that is cut off reaches nobody."""
    assert exchange.operation is not None  # noqa: S101 - bodies are read for an operation
    if exchange.taken:
        return
    limit = min(exchange.operation.policy.body_limit, LOOKED_INTO)
    parts = [part async for part in pieces(exchange, limit)]
    exchange.body, exchange.taken = b"".join(parts), True
    exchange.length = len(exchange.body)


async def pieces(exchange: Exchange, limit: int) -> AsyncIterator[bytes]:
    """Yield a body as it comes in; one of more than ``limit`` bytes ends in a Problem."""
    loop, more, waited = asyncio.get_running_loop(), True, 0.0
    while more:
        began = loop.time()
        try:
            async with asyncio.timeout_at(began + PATIENCE + exchange.bytes_in / SLOWEST - waited):
                message = await exchange.receive()
        except TimeoutError:
            raise BodySlow(
                f"After {exchange.bytes_in} bytes the rest was waited for too long."
            ) from None
        waited += loop.time() - began
        if message["type"] == "http.disconnect":
            # The caller hung up, or cannot be understood any more: the server tells both like this.
            raise BodyIncomplete(f"After {exchange.bytes_in} bytes the body could not be read on.")
        part: bytes = message.get("body", b"")
        exchange.bytes_in += len(part)
        if exchange.bytes_in > limit:
            raise too_large(exchange.bytes_in, limit)
        more = message.get("more_body", False)
        if part:
            yield part


async def chunked(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield a body of unknown length as HTTP/1.1 frames it."""
    async for part in parts:
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


async def gathered(reply: Reply, most: int) -> bytes | None:
    """Return an answer's body if it ends within ``most`` bytes; None when it is longer.

    What was read of a longer one is there to be passed on as if nothing had happened.
    """
    if reply.events:
        return None
    size, parts = 0, []
    while size <= most and (part := await reply.read()) is not None:
        size += len(part)
        parts.append(part)
    if size > most:
        reply.chunks.extendleft(reversed(parts))
        reply.size += size
        return None
    reply.replace(b"".join(parts))
    return reply.whole()


async def answered(reply: Reply) -> Any:
    """Return an answer's body as JSON, read to its end; Failed when that cannot be had."""
    size, parts = 0, []
    while (part := await reply.read()) is not None:
        size += len(part)
        parts.append(part)
        if size > LOOKED_INTO:
            raise Failed(f"its answer has more than {LOOKED_INTO} bytes to look into")
    try:
        return orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError:
        raise Failed("its answer is no JSON, though it says so") from None
