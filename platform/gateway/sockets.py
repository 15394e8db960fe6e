"""WebSockets: the same decision as for any request, then messages both ways (RFC 6455)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from apps.core.errors import Problem
from apps.core.rest.errors import InternalError, UpstreamFailed, UpstreamTimeout
from gateway import answers, pipeline
from gateway.course import opening
from gateway.exchange import Exchange, Receive, Send
from gateway.ladder import blame
from gateway.problems import SocketRefused
from gateway.reply import Failed
from gateway.runtime import Runtime
from gateway.steps.dispatch import ANSWERED, dispatch, lines
from gateway.steps.record import record
from gateway.vigil import fallen

SWITCHING = 101
FAREWELL = 0.5  # seconds in which the service may answer a goodbye
ALIVE = 20.0  # seconds between pings to the service, and for which one may go unanswered
GOING_AWAY, NO_STATUS, POLICY, TOO_BIG, BROKEN = 1001, 1005, 1008, 1009, 1011
ABNORMAL = {1005, 1006, 1015}  # codes that are told, but never sent
log = logging.getLogger(__name__)


async def serve(scope: Any, receive: Receive, send: Send, runtime: Runtime) -> None:
    """Let one caller talk with a service, or answer as to any request that is refused."""
    exchange = Exchange({**scope, "method": "GET"}, receive, send, runtime)
    await receive()  # the wish to connect
    task: asyncio.Task[Any] | None = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    runtime.lasting.add(task)
    try:
        await _admit(exchange)
        async with _service(exchange, scope["subprotocols"]) as service:
            exchange.status = SWITCHING
            exchange.trace.append(ANSWERED)
            await send({"type": "websocket.accept", "subprotocol": service.subprotocol})
            sent = await _talk(exchange, service)
        record(exchange, bytes_out=sent)
    except Problem as problem:
        blame(exchange, dispatch, problem)
        await _deny(exchange, problem)
    except Exception:
        log.exception("The gateway failed at %s.", exchange.request_id)
        await _deny(exchange, InternalError())
    finally:
        runtime.lasting.discard(task)


async def _admit(exchange: Exchange) -> None:
    await pipeline.find(exchange)
    assert exchange.operation is not None  # noqa: S101 - it was found
    if not exchange.operation.policy.websocket:
        raise SocketRefused(f"{exchange.operation.name} answers to plain requests only.")
    for step in opening(exchange.operation.policy):
        await step(exchange)


@asynccontextmanager
async def _service(exchange: Exchange, subprotocols: list[str]) -> AsyncIterator[ClientConnection]:
    """Connect to the service as the caller wants to."""
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - it was found
    upstream = exchange.runtime.upstreams[operation.upstream]
    with upstream.hold() as pool:
        first, *others = lines(exchange, pool, "GET")
        target = first.split(b" ")[1].decode("latin-1")
        told = [tuple(line.decode("latin-1").split(": ", 1)) for line in others]
        headers = [(name, value) for name, value in told if not name.startswith("sec-websocket-")]
        try:
            service = await connect(
                pool.url.replace("http", "ws", 1) + target,
                additional_headers=headers,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                open_timeout=operation.policy.timeout,
                ping_interval=ALIVE,
                ping_timeout=ALIVE,
                close_timeout=FAREWELL,
                max_size=operation.policy.body_limit,
                compression=None,
                user_agent_header=None,
                proxy=None,
            )
        except TimeoutError:
            upstream.note(good=False)
            raise UpstreamTimeout("The service did not open the WebSocket in time.") from None
        except InvalidStatus as refused:
            status = refused.response.status_code
            raise UpstreamFailed(f"The service refused the WebSocket with {status}.") from None
        except (OSError, InvalidHandshake) as error:
            upstream.note(good=False)
            blame(exchange, dispatch, Failed(str(error)))
            raise UpstreamFailed("The service does not open WebSockets here.") from error
        upstream.note(good=True)
        async with service:
            yield service


async def _talk(exchange: Exchange, service: ClientConnection) -> int:
    """Carry messages until one side ends; return the bytes that went to the caller."""
    sent = [0]
    ways = {
        asyncio.create_task(_from_caller(exchange, service)),
        asyncio.create_task(_to_caller(exchange, service, sent)),
        asyncio.create_task(_until_fallen(exchange)),
        asyncio.create_task(_until_stopped(exchange)),
    }
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
    code, ours = done.pop().result()
    if ours:  # The caller has not heard of it yet.
        await exchange.send({"type": "websocket.close", "code": code})
    await service.close(code if code not in ABNORMAL else 1000)
    return sent[0]


async def _from_caller(exchange: Exchange, service: ClientConnection) -> tuple[int, bool]:
    operation = exchange.operation
    assert operation is not None  # noqa: S101 - it was found
    while True:
        message = await exchange.receive()
        if message["type"] == "websocket.disconnect":
            return message.get("code") or NO_STATUS, False
        data = message.get("bytes")
        told: bytes | str = data if data is not None else message["text"]
        size = len(told) if isinstance(told, bytes) else len(told.encode())
        exchange.bytes_in += size
        if size > operation.policy.body_limit:
            return TOO_BIG, True
        try:
            await service.send(told)
        except ConnectionClosed as closed:
            return _code(closed), True


async def _to_caller(
    exchange: Exchange, service: ClientConnection, sent: list[int]
) -> tuple[int, bool]:
    while True:
        try:
            told = await service.recv()
        except ConnectionClosed as closed:
            return _code(closed), True
        sent[0] += len(told)
        kind = "bytes" if isinstance(told, bytes) else "text"
        await exchange.send({"type": "websocket.send", kind: told})


async def _until_fallen(exchange: Exchange) -> tuple[int, bool]:
    exchange.code = (await fallen(exchange)).code
    return POLICY, True


async def _until_stopped(exchange: Exchange) -> tuple[int, bool]:
    await exchange.runtime.stopping.wait()
    return GOING_AWAY, True


def _code(closed: ConnectionClosed) -> int:
    """Return the code with which the service ended, as the caller may be told it."""
    code = closed.rcvd.code if closed.rcvd else BROKEN
    return 1000 if code in ABNORMAL else code


async def _deny(exchange: Exchange, problem: Problem) -> None:
    """Answer the handshake with a problem document (ASGI's denial response)."""
    exchange.code = problem.code
    if exchange.status == SWITCHING:  # Too late for an answer: they talk already.
        record(exchange, bytes_out=0)
        await exchange.send({"type": "websocket.close", "code": BROKEN})
        return
    exchange.status, headers, body = answers.refusal(exchange, problem)
    record(exchange, bytes_out=len(body))
    start = {"type": "websocket.http.response.start", "status": exchange.status}
    # granian 2.8 dies of a denial that repeats a name.
    await exchange.send({**start, "headers": answers.once(headers)})
    await exchange.send({"type": "websocket.http.response.body", "body": body})
