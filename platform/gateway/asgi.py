"""``granian --interface asgi gateway.asgi:app --loop uvloop``: one data-plane process."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from apps.core.errors import Problem
from gateway import answers, authz, pipeline, resource, sockets
from gateway.exchange import Exchange, Receive, Send, Step
from gateway.origins import allowed
from gateway.pages import only_reading, page_at
from gateway.runtime import Runtime
from gateway.settings import Settings

log = logging.getLogger(__name__)

ASGI = Callable[[Any, Receive, Send], Awaitable[None]]


def build(settings: Settings | None = None) -> ASGI:
    """Return the application; it connects when its server starts."""
    runtime: Runtime | None = None

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        nonlocal runtime
        if scope["type"] == "lifespan":
            await receive()
            try:
                runtime = Runtime(settings or Settings.read())
                await runtime.start()
            except Exception as error:
                log.exception("The gateway cannot start.")
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            _heed_the_end(runtime)
            # What is there now stays; looking it over again and again would cost every request.
            gc.collect()
            gc.freeze()
            gc.set_threshold(5_000, 20, 50)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await runtime.stop()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http" and runtime is not None:
            await handle(Exchange(scope, receive, send, runtime))
        elif scope["type"] == "websocket" and runtime is not None:
            await sockets.serve(scope, receive, send, runtime)

    return app


def _heed_the_end(runtime: Runtime) -> None:
    """Learn of SIGTERM before the server does: it hangs up on WebSockets, and waits for streams.

    The server takes SIGINT for the same, so that is what it is told when goodbyes are said.
    """
    loop = asyncio.get_running_loop()

    async def end() -> None:
        await asyncio.gather(runtime.say_goodbye(), asyncio.sleep(runtime.settings.drain))
        signal.raise_signal(signal.SIGINT)

    ending: list[asyncio.Task[None]] = []  # keeps hold of it
    loop.add_signal_handler(signal.SIGTERM, lambda: ending.append(loop.create_task(end())))


async def handle(exchange: Exchange) -> None:
    """Answer a page of our own, a browser's preflight, or take the request through the steps."""
    page = page_at(exchange.path)
    preflight = exchange.method == "OPTIONS"
    asked = exchange.headers.get(b"access-control-request-method", b"") if preflight else b""
    if page is authz.decide:
        await _show(exchange, page)
    elif asked and (origin := allowed(exchange, asked.decode("latin-1"))):
        await _preflight(exchange, origin)
    elif preflight and page is resource.metadata:
        await resource.preflight(exchange)
    elif page is None:
        await pipeline.serve(exchange)
    else:
        exchange.origin = allowed(exchange, exchange.method)
        await _show(exchange, only_reading, page)


async def _show(exchange: Exchange, *parts: Step) -> None:
    """Answer with a page of our own, or with what it finds wrong."""
    try:
        for part in parts:
            await part(exchange)
    except Problem as problem:
        status, headers, body = answers.refusal(exchange, problem)
        await exchange.send({"type": "http.response.start", "status": status, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": body})


async def _preflight(exchange: Exchange, origin: bytes) -> None:
    asked = exchange.headers.get(b"access-control-request-headers", b"")
    headers = answers.preflight(origin, asked)
    headers.append((b"trellis-request-id", exchange.request_id.encode()))
    await exchange.send({"type": "http.response.start", "status": 204, "headers": headers})
    await exchange.send({"type": "http.response.body", "body": b""})


logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
app = build()
