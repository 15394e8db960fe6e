"""An answer of a service, as it comes in piece by piece."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from gateway.exchange import Headers

if TYPE_CHECKING:
    from gateway.connection import Connection

WHOLE = 64 * 1024  # answers up to this length are read before a word of them is passed on


class Failed(Exception):  # noqa: N818 - how an attempt ended
    """The service did not answer properly.

    ``untouched`` when no byte of an answer came, ``unreached`` when no byte of the request left.
    """

    def __init__(self, why: str, *, untouched: bool = False, unreached: bool = False) -> None:
        super().__init__(why)
        self.untouched = untouched or unreached
        self.unreached = unreached


class TimedOut(Failed):
    """The service did not answer in time."""


class Reply:
    """An answer as it comes in."""

    __slots__ = (
        "chunks",
        "complete",
        "connection",
        "failure",
        "headers",
        "length",
        "size",
        "status",
        "waiter",
    )

    def __init__(self, connection: "Connection | None") -> None:
        self.connection = connection
        self.status = 0
        self.headers: Headers = []
        self.length: int | None = None
        self.size = 0  # bytes of headers and of waiting chunks
        self.chunks: deque[bytes] = deque()
        self.complete = False
        self.failure: Failed | None = None
        self.waiter: asyncio.Future[None] | None = None

    @classmethod
    def made(cls, status: int, headers: Headers, body: bytes) -> "Reply":
        """Return an answer that no service gave just now."""
        reply = cls(None)
        reply.status, reply.headers = status, headers
        reply.chunks.append(body)
        reply.length = reply.size = len(body)
        reply.complete = True
        return reply

    async def wait(self) -> None:
        """Wait for the next thing that happens; Failed when it is bad."""
        if self.failure is None and not self.complete:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        if self.failure is not None:
            raise self.failure

    async def begin(self) -> None:
        """Wait until the answer is whole, or known to be long or unending."""
        while not (self.complete or (self.status and self._long)):
            await self.wait()

    async def read(self) -> bytes | None:
        """Return the next piece of the body, or None after the last."""
        while not self.chunks:
            if self.complete:
                return None
            await self.wait()
        chunk = self.chunks.popleft()
        self.size -= len(chunk)
        if not self.chunks and self.connection is not None and not self.complete:
            self.connection.resume()
        return chunk

    def whole(self) -> bytes:
        """Return the body of a complete answer."""
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)

    def drop(self, why: str) -> None:
        """Let the rest be: nobody wants to read it."""
        if not self.complete and self.connection is not None:
            self.connection.abort(Failed(why))

    def replace(self, body: bytes) -> None:
        """Put another body in the place of one that was read."""
        self.chunks.clear()
        self.chunks.append(body)
        self.length = self.size = len(body)

    @property
    def events(self) -> bool:
        """Tell whether it is a stream of events that goes on."""
        return self.connection is not None and self.connection.events and not self.complete

    @property
    def _long(self) -> bool:
        return self.length is None or self.length > WHOLE

    def wake(self) -> None:
        """Tell whoever waits that something happened."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)
        self.waiter = None

    def fail(self, failure: Failed) -> None:
        """End in failure."""
        if not self.complete and self.failure is None:
            self.failure = failure
            self.wake()
