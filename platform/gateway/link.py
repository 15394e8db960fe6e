"""A connection to Valkey that many requests share.

Every command is a frame of bytes; frames of one turn of the event loop leave in one write, answers
come back in order. 3 us a command where client libraries cost 80 to 150. A link fails fast: without
progress for ``patience`` seconds it is cut, whoever waits is told at once, and a probe tries again
every quarter of a second.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

PROBE = 0.25  # seconds between attempts to connect
GRACE = 0.005  # one more look at the socket before a silent link is cut
CONNECT = 0.5  # seconds to connect and greet; nobody waits for it


class Down(Exception):  # noqa: N818 - a state of affairs
    """Valkey cannot be asked right now."""


Refusal = hiredis.ReplyError
P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Address:
    """Where Valkey listens, as ``redis://`` and ``unix://`` URLs say it."""

    path: str
    host: str
    port: int
    user: str
    password: str
    number: int

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a URL: ``redis://:password@host:port/0`` or ``unix://:password@/path?db=0``."""
        parts = urlsplit(url)
        local = parts.scheme == "unix"
        number = parse_qs(parts.query).get("db", ["0"])[0] if local else parts.path.strip("/")
        return cls(
            path=unquote(parts.path) if local else "",
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 6379,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            number=int(number or 0),
        )

    def greeting(self) -> list[bytes]:
        """Return the commands with which a connection begins."""
        who = (self.user, self.password) if self.user else (self.password,)
        said = [pack("AUTH", *who)] if self.password else []
        return [*said, pack("SELECT", self.number), pack("PING")]

    async def open(self, protocol: Callable[[], P]) -> P:
        """Connect; OSError when nobody listens."""
        loop = asyncio.get_running_loop()
        if self.path:
            _, made = await loop.create_unix_connection(protocol, self.path)
        else:
            _, made = await loop.create_connection(protocol, self.host, self.port)
        return made


def pack(*command: str | bytes | int) -> bytes:
    """Return a command as one frame."""
    frame: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # any length
    return frame


class Script:
    """A Lua script and its name at the server."""

    def __init__(self, source: str) -> None:
        """Name the script as Valkey will."""
        self.load = pack("SCRIPT", "LOAD", source)
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def frame(self, keys: list[str], *values: str | bytes | int) -> bytes:
        """Return the frame of one call."""
        return pack("EVALSHA", self.sha, len(keys), *keys, *values)


class Wire(asyncio.Protocol):
    """One socket: frames out, answers in, in the same order."""

    def __init__(self, patience: float, lost: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.patience = patience
        self.lost = lost
        self.waiting: deque[asyncio.Future[Any]] = deque()
        self.outgoing: list[bytes] = []
        self.reader = hiredis.Reader()
        self.progress = 0.0  # when the server last said something that was waited for
        self.watch: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_exception(Down())
        self.lost()

    def ask(self, frame: bytes) -> asyncio.Future[Any]:
        """Send a frame, alone at once or with the others of this turn; the answer comes later."""
        if self.transport is None:
            raise Down
        future = self.loop.create_future()
        alone = not self.waiting
        self.waiting.append(future)
        if alone:
            self._begin_to_wait()
            self.transport.write(frame)
            return future
        if not self.outgoing:
            self.loop.call_soon(self._flush)
        self.outgoing.append(frame)
        return future

    def _begin_to_wait(self) -> None:
        self.progress = self.loop.time()
        if self.watch is None:
            self.watch = self.loop.call_later(self.patience, self._look, None)

    def hurry(self, patience: float) -> None:
        """Be as patient as this from now on."""
        self.patience = patience
        if self.watch is not None:
            self.watch.cancel()
            self.watch = None

    def _flush(self) -> None:
        if self.transport is not None:
            self.transport.write(b"".join(self.outgoing))
        self.outgoing.clear()

    def data_received(self, data: bytes) -> None:
        self.reader.feed(data)
        self.progress = self.loop.time()
        while (answer := self.reader.gets()) is not False:
            future = self.waiting.popleft()
            if not future.done():
                if isinstance(answer, Refusal):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _look(self, suspected: float | None) -> None:
        """Cut a link on which somebody has waited too long.

        A busy process may find its timers due before it has read its sockets, so a silence is
        looked at twice.
        """
        self.watch = None
        if not self.waiting or self.transport is None:
            return
        left = self.progress + self.patience - self.loop.time()
        if left <= 0 and suspected == self.progress:
            self.transport.abort()
            return
        again = (left, None) if left > 0 else (GRACE, self.progress)
        self.watch = self.loop.call_later(again[0], self._look, again[1])


class Link:
    """A wire that is replaced when it breaks."""

    def __init__(self, url: str, *, patience: float, scripts: tuple[Script, ...] = ()) -> None:
        self.address = Address.of(url)
        self.patience = patience
        self.scripts = scripts
        self.wire: Wire | None = None
        self._broken = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return self.wire is not None

    def ask(self, frame: bytes) -> asyncio.Future[Any]:
        """Send one frame; Down at once or later when there is no answer, Refusal when it is one."""
        if self.wire is None:
            raise Down
        return self.wire.ask(frame)

    async def run(self, frame: bytes) -> Any:
        """Call a script; a server that forgot its scripts is told them again."""
        try:
            return await self.ask(frame)
        except Refusal as refusal:
            if not str(refusal).startswith("NOSCRIPT"):
                raise Down from refusal
        await asyncio.gather(*(self.ask(script.load) for script in self.scripts))
        return await self.ask(frame)

    async def start(self) -> None:
        """Connect, now if possible, and keep connected."""
        await self._connect()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close for good."""
        if self._keeper:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self.wire and self.wire.transport:
            self.wire.transport.close()

    def _lost(self) -> None:
        self.wire = None
        self._broken.set()

    async def _keep(self) -> None:
        while True:
            if self.wire is None and not await self._connect():
                await asyncio.sleep(PROBE)
                continue
            await self._broken.wait()
            self._broken.clear()

    async def _connect(self) -> bool:
        wire: Wire | None = None
        try:
            async with asyncio.timeout(CONNECT):
                wire = await self.address.open(lambda: Wire(CONNECT, self._lost))
                loads = [script.load for script in self.scripts]
                frames = [*self.address.greeting(), *loads]
                await asyncio.gather(*[wire.ask(frame) for frame in frames])
                wire.hurry(self.patience)  # Who is slower than that is as good as away.
                await wire.ask(pack("PING"))
        except (OSError, TimeoutError, Down, Refusal):
            if wire and wire.transport:
                wire.transport.abort()
            return False
        self.wire = wire
        return True
