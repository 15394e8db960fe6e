"""What a gateway tells Valkey now and then, and asks: keys in use, gateways alive."""

import asyncio
import time
from contextlib import suppress
from itertools import chain

from gateway.limits import Limiter
from gateway.link import Down, Link, Refusal, Script
from gateway.steps.record import network

EVERY = 5.0  # seconds
LAST_USED_EVERY = 60.0
GATEWAYS = "trl:gateways"
LAST_USED = "trl:lastused"

COUNT = Script("""
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - 15)
return redis.call('ZCARD', KEYS[1])
""")
# Gateways report in any order: the latest use wins.
USED = Script("""
for i = 2, #ARGV, 2 do
  local held = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '0', '^%d+')
  if tonumber(held or '0') < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[1] .. ' ' .. ARGV[i + 1])
  end
end
return (#ARGV - 1) / 2
""")


class Heartbeat:
    """Reports in the background; ``used`` collects the keys of a minute, and their callers."""

    def __init__(self, link: Link, limiter: Limiter, name: str) -> None:
        self.link = link
        self.limiter = limiter
        self.name = name
        self.used: dict[str, str] = {}
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Report in the background."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Report a last time."""
        if self._keeper:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._report_used()

    async def _keep(self) -> None:
        reported = time.monotonic()
        while True:
            self.limiter.crowds.renew()
            with suppress(Down, Refusal):
                frame = COUNT.frame([GATEWAYS], int(time.time()), self.name)
                self.limiter.mirror.gateways = max(1, await self.link.run(frame))
            if time.monotonic() - reported >= LAST_USED_EVERY:
                reported = time.monotonic()
                await self._report_used()
            await asyncio.sleep(EVERY)

    async def _report_used(self) -> None:
        used, self.used = self.used, {}
        if not used:
            return
        told = chain.from_iterable((key, network(address)) for key, address in used.items())
        try:
            await self.link.run(USED.frame([LAST_USED], int(time.time()), *told))
        except (Down, Refusal):
            self.used = used | self.used
