"""What the gateway answers itself: its health, a word at the root, the portal's stream."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from apps.core import tickets
from apps.core.rest.errors import MethodNotAllowed
from gateway import answers, authz
from gateway.challenges import WELL_KNOWN
from gateway.exchange import Exchange, Headers
from gateway.live import Queue
from gateway.problems import TicketInvalid
from gateway.resource import metadata

BEAT = 15.0  # seconds between signs of life in a stream
LIFE = 900.0  # seconds after which a stream ends and the page must bring a new ticket

Answer = tuple[int, Headers, bytes]


async def home(exchange: Exchange) -> None:
    """Say what this address is."""
    settings = exchange.runtime.settings
    document = {"name": f"{settings.brand} API", "documentation": f"{settings.portal_url}/docs"}
    await _send(exchange, answers.plain(200, document))


async def alive(exchange: Exchange) -> None:
    """Say that the process runs."""
    await _send(exchange, answers.plain(200, {"status": "alive"}))


async def ready(exchange: Exchange) -> None:
    """Say whether this gateway can serve: 200 or 503, with what it knows of its neighbours."""
    runtime = exchange.runtime
    fine = runtime.routes.table is not None and not runtime.stopping.is_set()
    document = {
        "status": "ready" if fine else "not ready",
        "routes": runtime.routes.table is not None,
        "postgresql": runtime.store.known,
        "valkey": runtime.hot.up,
    }
    await _send(exchange, answers.plain(200 if fine else 503, document))


async def stream(exchange: Exchange) -> None:
    """Send an application's requests as they finish (server-sent events), for a ticket."""
    runtime = exchange.runtime
    scheme, _, ticket = exchange.headers.get(b"authorization", b"").partition(b" ")
    application = None
    if scheme.lower() == b"bearer":
        application = tickets.read(
            ticket.decode("latin-1"), root=runtime.settings.caller_key, now=time.time()
        )
    if application is None:
        raise TicketInvalid("Open the page again: its ticket is good for a minute.")
    queue = runtime.live.open(application)
    try:
        await _stream(exchange, application, queue)
    finally:
        runtime.live.close(application, queue)


async def _stream(exchange: Exchange, application: str, queue: Queue) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        *answers.common(exchange),
    ]
    await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
    await _events(exchange, application, queue)
    await exchange.send({"type": "http.response.body", "body": b""})


async def _events(exchange: Exchange, application: str, queue: Queue) -> None:
    live, stopping = exchange.runtime.live, exchange.runtime.stopping
    ends = [asyncio.create_task(_hang_up(exchange)), asyncio.create_task(stopping.wait())]
    deadline = time.monotonic() + LIFE
    try:
        await _piece(exchange, b": listening\n\n")
        while time.monotonic() < deadline:
            said = asyncio.create_task(queue.get())
            await asyncio.wait([said, *ends], timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
            if any(end.done() for end in ends):
                said.cancel()
                return
            if said.done():
                await _piece(exchange, f"event: request\ndata: {said.result()}\n\n".encode())
                continue
            said.cancel()
            live.announce(application)
            await _piece(exchange, b": still listening\n\n")
    finally:
        for end in ends:
            end.cancel()


async def _hang_up(exchange: Exchange) -> None:
    while (await exchange.receive())["type"] != "http.disconnect":
        pass


async def _piece(exchange: Exchange, data: bytes) -> None:
    await exchange.send({"type": "http.response.body", "body": data, "more_body": True})


async def _send(exchange: Exchange, answer: Answer) -> None:
    status, headers, body = answer
    headers = headers + answers.common(exchange)
    await exchange.send({"type": "http.response.start", "status": status, "headers": headers})
    body = b"" if exchange.method == "HEAD" else body
    await exchange.send({"type": "http.response.body", "body": body})


async def only_reading(exchange: Exchange) -> None:
    """Refuse to write to a page."""
    if not exchange.reading:
        raise MethodNotAllowed(f"{exchange.path} can only be read.", headers={"Allow": "GET, HEAD"})


PAGES: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    "/": home,
    "/healthz": alive,
    "/readyz": ready,
    "/stream/requests": stream,
}


def page_at(path: str) -> Callable[[Exchange], Awaitable[None]] | None:
    """Return the page at ``path``; some have others below them."""
    if path.startswith("/authz") and path[6:7] in {"", "/"}:
        return authz.decide
    if path == WELL_KNOWN or path.startswith(f"{WELL_KNOWN}/"):
        return metadata
    return PAGES.get(path)
