"""The connections to one address of a service: kept alive, used again, ended in time."""

import asyncio
import math
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

from gateway.connection import Connection
from gateway.reply import Failed, Reply, TimedOut

CONNECT = 1.0  # seconds to connect
TOTAL = 10.0  # seconds from the request's first byte to the answer's last
SWEEP = 0.25  # seconds between looks at the deadlines
IDLE = 100  # connections kept open
REUSED = 15.0  # seconds for which an idle one is trusted; granian ends it after 30


class Pool:
    """The connections to one address: scheme, host and port."""

    def __init__(self, url: str, *, connect: float = CONNECT) -> None:
        parts = urlsplit(url)
        self.url = url
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.authority = parts.netloc.encode()
        self.connect = connect
        self.idle: list[Connection] = []
        self.busy: set[Connection] = set()
        self.loop = asyncio.get_running_loop()
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._closed = self._sweeping = False
        self._opening = 0
        self.held = 0  # for what lasts on a connection of its own

    async def send(
        self,
        head: bytes,
        body: AsyncIterator[bytes] | None = None,
        *,
        repeatable: bool,
        seconds: float = TOTAL,
    ) -> Reply:
        """Send a request and return its answer once it has begun; Failed when there is none.

        A request that the service cannot have seen, or may see twice, is sent once more on a new
        connection when a kept one turns out to be dead. ``seconds`` end it, whatever it is doing.
        """
        again = False
        while True:
            kept = None if again else self._kept()
            connection = kept or await self._open()
            self._watch(connection, seconds)
            try:
                reply = connection.begin(head)
                if body is not None:
                    await self._stream(connection, body)
                await reply.begin()
            except Failed as failure:
                if not (kept and repeatable and failure.untouched and body is None):
                    raise
                again = True
            except BaseException:
                connection.abort(Failed("nobody waits for it any more"))
                raise
            else:
                return reply

    def release(self, connection: Connection) -> None:
        """Keep a connection for the next request."""
        self.busy.discard(connection)
        connection.deadline = self.loop.time() + REUSED
        if len(self.idle) < IDLE and not self._closed:
            self.idle.append(connection)
        else:
            connection.transport.close()

    def forget(self, connection: Connection) -> None:
        """Drop a connection that is gone."""
        self.busy.discard(connection)
        with suppress(ValueError):
            self.idle.remove(connection)

    def stop(self) -> None:
        """Close what is idle, and the rest when it is done."""
        self._closed = True
        for connection in list(self.idle):
            connection.transport.close()

    def _kept(self) -> Connection | None:
        """Return an idle connection that is still good."""
        now = self.loop.time()
        while self.idle:
            connection = self.idle.pop()
            if connection.deadline > now and not connection.transport.is_closing():
                return connection
            connection.transport.close()
        return None

    async def _stream(self, connection: Connection, body: AsyncIterator[bytes]) -> None:
        connection.sending = True
        parts, left = aiter(body), connection.deadline - self.loop.time()
        while True:
            # That a caller dawdles is no failure of the service; whoever reads the body ends it.
            connection.deadline = math.inf
            try:
                chunk = await anext(parts)
            except StopAsyncIteration:
                break
            finally:
                began = self.loop.time()
                connection.deadline = began + left
            if connection.reply is None:
                return  # It has answered already, or failed; either is found by waiting.
            await connection.write(chunk)
            left -= self.loop.time() - began
        connection.sending = False

    @property
    def flying(self) -> int:
        """How many requests are on their way, or wait for a connection."""
        return len(self.busy) + self._opening + self.held

    async def _open(self) -> Connection:
        self._opening += 1
        try:
            return await self._connect()
        finally:
            self._opening -= 1

    async def _connect(self) -> Connection:
        named = self.host if self._tls else None
        for attempt in (1, 2):
            try:
                async with asyncio.timeout(self.connect):
                    _, connection = await self.loop.create_connection(
                        lambda: Connection(self),
                        self.host,
                        self.port,
                        ssl=self._tls,
                        server_hostname=named,
                    )
            except TimeoutError:
                raise TimedOut("it does not accept connections", unreached=True) from None
            except ssl.SSLError:
                raise Failed("its certificate does not hold", unreached=True) from None
            except OSError:
                if attempt > 1:
                    break
                await asyncio.sleep(0.05)
            else:
                return connection
        raise Failed("it refuses connections", unreached=True)

    def _watch(self, connection: Connection, seconds: float) -> None:
        connection.wait(seconds)
        self.busy.add(connection)
        if not self._sweeping:
            self._sweeping = True
            self.loop.call_later(SWEEP, self._sweep)

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection in [c for c in self.busy if c.deadline < now]:
            connection.abort(TimedOut(f"it took longer than {connection.patience:g} s"))
        self._sweeping = bool(self.busy)
        if self._sweeping:
            self.loop.call_later(SWEEP, self._sweep)
