"""A TCP proxy that does what networks do: it delays, swallows, resets, half-closes, throttles.

It stands between two programs that know nothing of it. ``proxy.fault = …`` holds from now on, for
connections that are open too; ``proxy.fault = FINE`` ends it. What was swallowed comes late, as
TCP would bring it.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

PIECE = 65_536
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset
T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """What is wrong. ``after`` counts the bytes of an answer that still come; None is at once."""

    delay: float = 0.0  # seconds, each way
    rate: float = 0.0  # bytes a second each way, 0 for as fast as they come
    silent: bool = False  # a black hole: connections stand, nothing passes
    refusing: bool = False  # nobody listens; what is open stays
    ends: str = ""  # "reset" or "half-close"
    after: int | None = None


FINE = Fault()
BLACK_HOLE = Fault(silent=True)
REFUSING = Fault(refusing=True)


def delayed(seconds: float) -> Fault:
    """Return the fault that everything takes longer."""
    return Fault(delay=seconds)


def throttled(rate: float) -> Fault:
    """Return the fault that only so many bytes a second pass."""
    return Fault(rate=rate)


def reset(after: int | None = None) -> Fault:
    """Return the fault that connections are reset: at once, or so many bytes into an answer."""
    return Fault(ends="reset", after=after)


def half_closed(after: int | None = None) -> Fault:
    """Return the fault that the service stops talking and goes on listening."""
    return Fault(ends="half-close", after=after)


def socket_of(url: str) -> str:
    """Return the path of the socket that a URL of the box's PostgreSQL or Valkey names."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return unquote(parts.path)
    return f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"


class Background:
    """An event loop in a thread of its own, for those who have none."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there, and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self) -> None:
        """End it, and all that still runs there."""
        self.do(self._cancel())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.close()

    async def _cancel(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Pair:
    """One connection, and the one behind it."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near = near
        self.far = far
        self.told = 0  # bytes of answers since the fault began

    def reset(self) -> None:
        """Cut both, as a machine does that lost its memory."""
        for writer in (self.near, self.far):
            end = writer.get_extra_info("socket")
            if end is not None and end.family != socket.AF_UNIX:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()

    def half_close(self) -> None:
        """Say that no more comes, and go on listening."""
        with contextlib.suppress(OSError, RuntimeError):
            self.near.write_eof()

    def close(self) -> None:
        """End both, when all was said."""
        self.near.close()
        self.far.close()


class Proxy:
    """The proxy: it listens on ``port``, and passes on to a port or the path of a socket."""

    def __init__(self, target: int | str, background: Background) -> None:
        self.target = target
        self.connections = 0  # that were accepted so far
        self._fault = FINE
        self._background = background
        self._changed = asyncio.Event()
        self._pairs: set[Pair] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        background.do(self._listen())

    @property
    def fault(self) -> Fault:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        self._background.do(self._suffer(fault))

    def way(self, url: str) -> str:
        """Return the URL of a PostgreSQL or Valkey so that it leads through here."""
        parts = urlsplit(url)
        who = f"{parts.username or ''}:{parts.password or ''}@127.0.0.1:{self.port}"
        if parts.scheme == "unix":
            return f"redis://{who}/0"
        return f"{parts.scheme}://{who}{parts.path}?sslmode=disable&gssencmode=disable"

    def stop(self) -> None:
        """Listen no more, and cut what is open."""
        self._background.do(self._end())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._deafen()
        for pair in list(self._pairs):
            pair.reset()

    async def _suffer(self, fault: Fault) -> None:
        self._fault = fault
        self._changed.set()
        self._changed = asyncio.Event()
        if fault.refusing:
            await self._deafen()
        elif self._server is None:
            await self._listen()
        for pair in list(self._pairs):
            pair.told = 0
            if fault.ends and fault.after is None:
                self._break(pair)

    def _break(self, pair: Pair) -> None:
        if self._fault.ends == "reset":
            pair.reset()
        else:
            pair.half_close()

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.connections += 1
        if isinstance(self.target, str):
            opening = asyncio.open_unix_connection(self.target)
        else:
            opening = asyncio.open_connection("127.0.0.1", self.target)
        try:
            far, forth = await opening
        except OSError:
            back.transport.abort()
            return
        pair = Pair(back, forth)
        self._pairs.add(pair)
        try:
            if self._fault.ends and self._fault.after is None:
                self._break(pair)
            await asyncio.gather(self._carry(pair, near, forth), self._carry(pair, far, back))
        except (OSError, RuntimeError, asyncio.CancelledError):
            pair.reset()
        finally:
            self._pairs.discard(pair)
            pair.close()

    async def _carry(
        self, pair: Pair, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        answering = sink is pair.near
        while piece := await source.read(PIECE):
            async for part in self._passing(piece):
                left = self._left(pair) if answering else PIECE
                if left:
                    sink.write(part[:left])
                    await sink.drain()
                if left < len(part):
                    self._break(pair)
                    return
                pair.told += len(part) if answering else 0
        await self._hold_up()
        with contextlib.suppress(OSError, RuntimeError):
            sink.write_eof()

    async def _passing(self, piece: bytes) -> AsyncIterator[bytes]:
        """Yield what came, when and in what portions the fault lets it pass."""
        while piece:
            await self._hold_up()
            size = max(1, int(self._fault.rate / 50)) if self._fault.rate else PIECE
            part, piece = piece[:size], piece[size:]
            if self._fault.rate:
                await asyncio.sleep(len(part) / self._fault.rate)
            yield part

    async def _hold_up(self) -> None:
        if self._fault.delay:
            await asyncio.sleep(self._fault.delay)
        while self._fault.silent:
            await self._changed.wait()

    def _left(self, pair: Pair) -> int:
        """Return how many more bytes of the answer may pass."""
        if not self._fault.ends:
            return PIECE
        return max(0, (self._fault.after or 0) - pair.told)
