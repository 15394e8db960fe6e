"""A pooled HTTP/1.1 client to one service: keep-alive, streaming both ways, backpressure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httptools

from gateway.reply import WHOLE, Failed, Reply, TimedOut

CONNECT = 1.0  # seconds to connect
TOTAL = 10.0  # seconds from the request's first byte to the answer's last
SWEEP = 0.25  # seconds between looks at the deadlines
HEADER_LIMIT = 32 * 1024
HIGH = 256 * 1024  # bytes that may wait for a slow reader
IDLE = 100  # connections kept open
REUSED = 15.0  # seconds for which an idle one is trusted; granian ends it after 30
INTERIM = range(100, 200)


class Connection(asyncio.Protocol):
    """One socket to the service; one request at a time."""

    def __init__(self, pool: "Upstream") -> None:
        self.pool = pool
        self.parser = httptools.HttpResponseParser(self)
        self.transport: Any = None
        self.reply: Reply | None = None
        self.deadline = 0.0  # of the request; when idle, of being used again
        self.sending = False  # whether a body is still on its way out
        self.heard = False  # whether the answer has begun
        self.framed = False
        self.interim = False
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

    def begin(self, head: bytes) -> Reply:
        """Send a request's head, and its body when it is short."""
        self.reply = reply = Reply(self)
        self.heard = self.framed = False
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
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.abort(Failed("its answer is not HTTP"))

    # What the parser finds.

    def on_header(self, name: bytes, value: bytes) -> None:
        if (reply := self.reply) is None:
            return
        name = name.lower()
        reply.size += len(name) + len(value)
        if name == b"content-length":
            reply.length, self.framed = int(value), True
        elif name == b"transfer-encoding":
            self.framed = True
        reply.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if (reply := self.reply) is None:
            return
        status = self.parser.get_status_code()
        self.interim = status in INTERIM
        if reply.size > HEADER_LIMIT:
            self.abort(Failed("its headers are too large"))
        elif not self.interim:
            reply.status, reply.size = status, 0
            if reply.length is None or reply.length > WHOLE:
                reply.wake()

    def on_body(self, data: bytes) -> None:
        if (reply := self.reply) is None:
            return
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
            return
        self.reply = None
        reply.complete = True
        reply.wake()
        self.resume()
        if self.sending or not self.parser.should_keep_alive():
            self.transport.close()
        else:
            self.pool.release(self)


class Upstream:
    """The connections to one service."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or 80
        self.authority = parts.netloc.encode()
        self.idle: list[Connection] = []
        self.busy: set[Connection] = set()
        self._sweeping = False

    async def send(
        self, head: bytes, body: AsyncIterator[bytes] | None, *, repeatable: bool
    ) -> Reply:
        """Send a request and return its answer once it has begun; Failed when there is none.

        A request that the service cannot have seen, or may see twice, is sent once more on a new
        connection when a kept one turns out to be dead.
        """
        while True:
            kept = self._kept()
            connection = kept or await self._connect()
            self._watch(connection)
            try:
                reply = connection.begin(head)
                if body is not None:
                    await self._stream(connection, body)
                await reply.begin()
            except Failed as failure:
                if not (kept and repeatable and failure.untouched and body is None):
                    raise
            except BaseException:
                connection.abort(Failed("nobody waits for it any more"))
                raise
            else:
                return reply

    def release(self, connection: Connection) -> None:
        """Keep a connection for the next request."""
        self.busy.discard(connection)
        connection.deadline = asyncio.get_running_loop().time() + REUSED
        if len(self.idle) < IDLE:
            self.idle.append(connection)
        else:
            connection.transport.close()

    def forget(self, connection: Connection) -> None:
        """Drop a connection that is gone."""
        self.busy.discard(connection)
        with suppress(ValueError):
            self.idle.remove(connection)

    def stop(self) -> None:
        """Close what is idle."""
        for connection in list(self.idle):
            connection.transport.close()

    def _kept(self) -> Connection | None:
        """Return an idle connection that is still good."""
        now = asyncio.get_running_loop().time()
        while self.idle:
            connection = self.idle.pop()
            if connection.deadline > now and not connection.transport.is_closing():
                return connection
            connection.transport.close()
        return None

    async def _stream(self, connection: Connection, body: AsyncIterator[bytes]) -> None:
        connection.sending = True
        async for chunk in body:
            if connection.reply is None:
                return  # It has answered already, or failed; either is found by waiting.
            await connection.write(chunk)
        connection.sending = False

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        for attempt in (1, 2):
            try:
                async with asyncio.timeout(CONNECT):
                    _, connection = await loop.create_connection(
                        lambda: Connection(self), self.host, self.port
                    )
            except TimeoutError:
                raise TimedOut("it does not accept connections", untouched=True) from None
            except OSError:
                if attempt > 1:
                    break
                await asyncio.sleep(0.05)
            else:
                return connection
        raise Failed("it refuses connections", untouched=True)

    def _watch(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.deadline = loop.time() + TOTAL
        self.busy.add(connection)
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(SWEEP, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [c for c in self.busy if c.deadline < now]:
            connection.abort(TimedOut(f"it took longer than {TOTAL:.0f} s"))
        self._sweeping = bool(self.busy)
        if self._sweeping:
            loop.call_later(SWEEP, self._sweep)
