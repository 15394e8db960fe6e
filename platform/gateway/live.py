"""Finished requests for pages of the portal that are open right now.

While a page listens, its gateway says so on ``trl:invalidate`` and every gateway publishes that
application's requests on ``trl:live:<application>``. When nobody listens nothing is published.
"""

import asyncio
import time
from typing import TYPE_CHECKING

import orjson

from gateway.link import Down, Link, pack
from gateway.listener import Listener
from gateway.problems import StreamsExhausted

if TYPE_CHECKING:
    from gateway.exchange import Exchange

LISTENING = 70.0  # seconds for which one announcement holds
STREAMS = 1_000  # open pages of one process
OWN_STREAMS = 20  # open pages of one application
WAITING = 200  # events that may wait for a slow page; more are left out
CHANNEL = "trl:live:"

Queue = asyncio.Queue[str]


class Live:
    """Who listens, here and elsewhere."""

    def __init__(self, link: Link, listener: Listener) -> None:
        self.link = link
        self.listener = listener
        self.pages: dict[str, set[Queue]] = {}
        self._until: dict[str, float] = {}

    def hear(self, message: str) -> None:
        """Note that somewhere a page listens to an application."""
        kind, _, application = message.partition(":")
        if kind == "listen":
            self._until[application] = time.monotonic() + LISTENING

    def wanted(self, application: str) -> bool:
        """Tell whether anybody listens to the application's requests."""
        if not self._until:
            return False
        until = self._until.get(application)
        if until is None:
            return False
        if until < time.monotonic():
            del self._until[application]
            return False
        return True

    def tell(self, exchange: "Exchange", latency: int) -> None:
        """Publish a finished request."""
        credential, operation = exchange.credential, exchange.operation
        if credential is None:
            return
        event = orjson.dumps(
            {
                "id": exchange.request_id,
                "at": exchange.wall / 1e6,
                "method": exchange.method,
                "path": exchange.path,
                "operation": operation.name if operation else "",
                "status": exchange.status,
                "code": exchange.code,
                "latency_us": latency,
                "key": credential.key,
                "livemode": credential.livemode,
            }
        )
        self._send(pack("PUBLISH", CHANNEL + credential.application, event))

    def open(self, application: str) -> Queue:
        """Return a queue that gets the application's requests from now on.

        StreamsExhausted when this process, or this application, has enough of them open.
        """
        own = len(self.pages.get(application, ()))
        if own >= OWN_STREAMS or self.count >= STREAMS:
            raise StreamsExhausted(headers={"Retry-After": "5"})
        queue: Queue = asyncio.Queue(WAITING)
        pages = self.pages.setdefault(application, set())
        if not pages:
            self.listener.subscribe(CHANNEL + application, lambda said: self._spread(pages, said))
        pages.add(queue)
        self.announce(application)
        return queue

    def close(self, application: str, queue: Queue) -> None:
        """Stop filling a queue."""
        pages = self.pages.get(application, set())
        pages.discard(queue)
        if not pages:
            self.pages.pop(application, None)
            self.listener.unsubscribe(CHANNEL + application)

    def announce(self, application: str) -> None:
        """Tell every gateway that a page listens; say it again before 70 seconds are over."""
        self.hear(f"listen:{application}")
        self._send(pack("SET", f"trl:listen:{application}", "1", "EX", int(LISTENING)))
        self._send(pack("PUBLISH", "trl:invalidate", f"listen:{application}"))

    @property
    def count(self) -> int:
        return sum(len(pages) for pages in self.pages.values())

    def _spread(self, pages: set[Queue], said: str) -> None:
        for queue in pages:
            if not queue.full():
                queue.put_nowait(said)

    def _send(self, frame: bytes) -> None:
        try:
            self.link.ask(frame).add_done_callback(lambda future: future.exception())
        except Down:
            return
