"""Looking after a service's targets: one that does not answer gets no requests until it does."""

import asyncio
import logging

from apps.catalog.upstreams import Health
from gateway.pool import Pool
from gateway.reply import Failed

LONGEST = 2.0  # seconds that a target may take to say that it is well
WELL = range(200, 400)
log = logging.getLogger(__name__)


class Target:
    """One address of a service. ``turn`` is its place in the round of all targets."""

    __slots__ = ("missed", "pool", "turn", "up", "weight")

    def __init__(self, pool: Pool, weight: int) -> None:
        self.pool = pool
        self.weight = weight
        self.turn = 0
        self.up = True
        self.missed = 0  # looks in a row without a good answer


class Watch:
    """Looks at each target of one service every few seconds."""

    def __init__(self, name: str, health: Health, targets: list[Target]) -> None:
        self.name = name
        self.health = health
        self._tasks = [asyncio.create_task(self._keep(target)) for target in targets]

    def stop(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()

    async def _keep(self, target: Target) -> None:
        while True:
            self._note(target, well=await self._look(target.pool))
            await asyncio.sleep(self.health.every)

    async def _look(self, pool: Pool) -> bool:
        head = b"GET %b HTTP/1.1\r\nhost: %b\r\nuser-agent: Trellis\r\n\r\n" % (
            self.health.path.encode(),
            pool.authority,
        )
        try:
            reply = await pool.send(head, repeatable=True, seconds=min(LONGEST, self.health.every))
            reply.drop("it was looked at only")
        except Failed:
            return False
        return reply.status in WELL

    def _note(self, target: Target, *, well: bool) -> None:
        target.missed = 0 if well else target.missed + 1
        if well and not target.up:
            target.up = True
            log.info("%s of %s answers again.", target.pool.url, self.name)
        elif target.up and target.missed >= self.health.after:
            target.up = False
            log.warning(
                "%s of %s does not answer: it gets no requests.", target.pool.url, self.name
            )
