"""One HTTP/1.1 connection to a service: streaming both ways, with backpressure."""

import asyncio
from typing import TYPE_CHECKING, Any

import httptools

from gateway.reply import WHOLE, Failed, Reply

if TYPE_CHECKING:
    from gateway.pool import Pool

HEADER_LIMIT = 32 * 1024
HIGH = 256 * 1024  # bytes that may wait for a slow reader
STREAMED = 120.0  # seconds that a stream of events may be silent; it has no other end
INTERIM = range(100, 200)
FINAL = range(200, 600)


class Connection(asyncio.Protocol):
    """One socket to the service; one request at a time."""

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.parser = httptools.HttpResponseParser(self)
        self.transport: Any = None
        self.reply: Reply | None = None
        self.deadline = 0.0  # of the request; when idle, of being used again
        self.patience = 0.0  # seconds that led to the deadline
        self.events = False  # whether the answer is a stream of events
        self.sending = False  # whether a body is still on its way out
        self.heard = False  # whether the answer has begun
        self.framed = False
        self.interim = False
        self.finished = False  # whether the answer has ended in what came just now
        self.lasting = False  # whether the service will answer another request
        self.told = False  # whether what came just now held a piece of the body
        self.mute = 0  # bytes since then that were none: a head, a trailer, extensions of chunks
        self.paused = False
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self._writable.set()
        self.pool.forget(self)
        if (reply := self.reply) is not None:
            self.reply = None
            if reply.status and not self.framed and error is None:
                reply.complete = True  # An answer without a length ends with its connection.
                reply.wake()
            reply.fail(Failed("it closed the connection", untouched=not self.heard))

    def wait(self, seconds: float) -> None:
        """Let the request end within ``seconds`` from now."""
        self.patience = seconds
        self.deadline = self.pool.loop.time() + seconds

    def begin(self, head: bytes) -> Reply:
        """Send a request's head, and its body when it is short."""
        self.reply = reply = Reply(self)
        self.heard = self.framed = self.events = self.finished = False
        self.mute = 0
        self.transport.write(head)
        return reply

    async def write(self, data: bytes) -> None:
        """Send a part of a long body, as fast as the service takes it."""
        if self.transport is None:
            raise Failed("it closed the connection")
        self.transport.write(data)
        await self._writable.wait()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def resume(self) -> None:
        """Read on: the waiting pieces are gone."""
        if self.paused and self.transport is not None:
            self.paused = False
            self.transport.resume_reading()

    def abort(self, failure: Failed) -> None:
        """End the request and the connection with it."""
        if (reply := self.reply) is not None:
            self.reply = None
            reply.fail(failure)
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.reply is None:
            self.transport.abort()  # Nobody asked.
            return
        self.heard = True
        if self.events:
            self.wait(STREAMED)
        self.told = False
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.abort(Failed("its answer is not HTTP"))
            return
        if self.finished:
            self._end()
            return
        # The parser holds a header until it is whole, if it ever is.
        self.mute = 0 if self.told else self.mute + len(data)
        if self.mute > HEADER_LIMIT:
            self.abort(Failed("its headers are too large"))

    def _end(self) -> None:
        """Keep the connection for the next request, if nothing came that nobody asked for."""
        if self.transport is not None:
            if self.sending or not self.lasting:
                self.transport.close()
            else:
                self.pool.release(self)

    # What the parser finds.

    def on_message_begin(self) -> None:
        # Another answer begins before the next request was sent: it would be taken for that one's.
        if self.reply is None:
            self.lasting = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if (reply := self.reply) is None or reply.status:
            return  # After the body there are trailers, which nobody asks for.
        name = name.lower()
        reply.size += len(name) + len(value)
        if name == b"content-length":
            reply.length, self.framed = int(value), True
        elif name == b"transfer-encoding":
            self.framed = True
        elif name == b"content-type" and value[:17].lower() == b"text/event-stream":
            self.events = True
        reply.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if (reply := self.reply) is None:
            return
        status = self.parser.get_status_code()
        self.interim = status in INTERIM
        if reply.size > HEADER_LIMIT:
            self.abort(Failed("its headers are too large"))
        elif not self.interim and status not in FINAL:
            self.abort(Failed(f"its status {status} is none"))
        elif not self.interim:
            reply.status, reply.size = status, 0
            if self.events:
                self.wait(STREAMED)
            if reply.length is None or reply.length > WHOLE:
                reply.wake()

    def on_body(self, data: bytes) -> None:
        if (reply := self.reply) is None:
            return
        self.told = True
        reply.chunks.append(data)
        reply.size += len(data)
        if reply.size > HIGH and not self.paused:
            self.paused = True
            self.transport.pause_reading()
        if reply.length is None or reply.length > WHOLE:
            reply.wake()

    def on_message_complete(self) -> None:
        if (reply := self.reply) is None:
            return
        if self.interim:
            reply.headers.clear()
            reply.length, self.framed, self.events = None, False, False
            return
        self.reply = None
        reply.complete = True
        reply.wake()
        self.resume()
        self.finished, self.lasting = True, self.parser.should_keep_alive()
