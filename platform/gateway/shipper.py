"""From the spool to Valkey's stream ``trl:usage``: one entry for each segment, at least once.

An entry is named by process and number; the worker that takes it in counts each name once.
"""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from gateway.link import Down, Link, Refusal, pack
from gateway.spool import Orphan, Segment, Spool, orphans

STREAM = "trl:usage"
EVERY = 0.1  # seconds
ADOPT_EVERY = 10.0
PATIENCE = 2.0  # seconds for what is left when the process ends
# Entries that may wait in Valkey's memory while no worker runs; later ones wait on disk.
STREAM_LIMIT = 5_000
log = logging.getLogger(__name__)


class Shipper:
    """Ships this process's segments, and those of processes that died."""

    def __init__(self, spool: Spool, link: Link, folder: Path) -> None:
        self.spool = spool
        self.link = link
        self.folder = folder
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Ship in the background."""
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._adopt())]

    async def stop(self) -> None:
        """Ship what is left, as far as Valkey takes it."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.spool.rotate()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._ship_ready()
        self.spool.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                self.spool.rotate()
                await self._ship_ready()
            except Exception:
                log.exception("Usage could not be shipped; it is tried again.")

    async def _ship_ready(self) -> None:
        ready = self.spool.ready
        while ready and await self._ship(ready[0]):
            self.spool.shipped(ready.popleft())

    async def _adopt(self) -> None:
        while True:
            try:
                for orphan in orphans(self.folder):
                    await self._settle(orphan)
            except Exception:
                log.exception("What a dead gateway left could not be shipped; it is tried again.")
            await asyncio.sleep(ADOPT_EVERY)

    async def _settle(self, orphan: Orphan) -> None:
        """Ship what a dead process left, and its folder away when nothing is left in it."""
        shipped = 0
        try:
            for segment in orphan.segments():
                if not await self._ship(segment):
                    return
                segment.path.unlink()
                shipped += segment.count
            orphan.bury()
        finally:
            orphan.release()
            if shipped:
                log.info("Shipped %s records that a dead gateway left.", shipped)

    async def _ship(self, segment: Segment) -> bool:
        """Hand one segment to Valkey, and tell whether Valkey has it."""
        try:
            if await self.link.ask(pack("XLEN", STREAM)) >= STREAM_LIMIT:
                return False
            fields = ("src", segment.source, "seq", segment.number, "n", segment.count)
            data = segment.path.read_bytes()
            await self.link.ask(pack("XADD", STREAM, "*", *fields, "b", data))
        except (Down, Refusal):
            return False
        except FileNotFoundError:
            log.error("%s is gone, and %s usage records with it.", segment.path, segment.count)  # noqa: TRY400 - a trace says nothing more
        return True
