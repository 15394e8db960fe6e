"""What Valkey tells every gateway: the messages of its channels."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hiredis

from gateway.link import CONNECT, PROBE, Address, pack

BEAT = 1.0  # seconds between questions whether the server is still there
PATIENCE = 3.0  # seconds without a word after which it is not

log = logging.getLogger(__name__)

Handler = Callable[[str], None]


class _Ear(asyncio.Protocol):
    """One socket in subscriber's mode."""

    def __init__(self, hear: Callable[[Any], None], lost: asyncio.Event) -> None:
        self.hear = hear
        self.lost = lost
        self.reader = hiredis.Reader()
        self.heard = asyncio.get_running_loop().time()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        self.heard = asyncio.get_running_loop().time()
        self.reader.feed(data)
        while (said := self.reader.gets()) is not False:
            self.hear(said)

    def say(self, *frames: bytes) -> None:
        if self.transport is not None:
            self.transport.write(b"".join(frames))


class Listener:
    """Subscriptions that survive a lost connection; ``missed`` is called after every gap."""

    def __init__(self, url: str, *, missed: Callable[[], None]) -> None:
        self.address = Address.of(url)
        self.missed = missed
        self.handlers: dict[str, Handler] = {}
        self._ear: _Ear | None = None
        self._keeper: asyncio.Task[None] | None = None

    def subscribe(self, channel: str, handler: Handler) -> None:
        """Hand every message of ``channel`` to ``handler`` from now on."""
        self.handlers[channel] = handler
        if self._ear:
            self._ear.say(pack("SUBSCRIBE", channel))

    def unsubscribe(self, channel: str) -> None:
        """Listen no longer."""
        if self.handlers.pop(channel, None) and self._ear:
            self._ear.say(pack("UNSUBSCRIBE", channel))

    def start(self) -> None:
        """Connect in the background and stay connected."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close for good."""
        if self._keeper:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper

    async def _keep(self) -> None:
        while True:
            with suppress(OSError, TimeoutError):
                await self._listen()
            await asyncio.sleep(PROBE)

    async def _listen(self) -> None:
        lost = asyncio.Event()
        async with asyncio.timeout(CONNECT):
            ear = await self.address.open(lambda: _Ear(self._hear, lost))
        try:
            subscribe = [pack("SUBSCRIBE", channel) for channel in self.handlers]
            ear.say(*self.address.greeting(), *subscribe)
            self._ear = ear
            self.missed()
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT):
                        await lost.wait()
                if asyncio.get_running_loop().time() - ear.heard > PATIENCE:
                    return
                ear.say(pack("PING"))
        finally:
            self._ear = None
            if ear.transport:
                ear.transport.abort()

    def _hear(self, said: Any) -> None:
        if not isinstance(said, list) or said[0] != b"message":
            return
        if handler := self.handlers.get(said[1].decode()):
            try:
                handler(said[2].decode("utf-8", "replace"))
            except Exception:
                log.exception("A message on %s could not be taken in.", said[1].decode())
