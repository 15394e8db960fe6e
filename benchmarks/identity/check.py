"""Weigh the gateway's look-up of a credential: ``python -m … FACTS.json POSTGRES VALKEY``.

It is the gateway's own code with its own connections, without the HTTP around it. Hot: the process
knows the token. Warm: another process has asked before. Cold: PostgreSQL is asked. Prints CPU
microseconds here, in Valkey and in PostgreSQL.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from apps.core import dpop
from benchmarks import measure
from gateway.runtime import Runtime
from gateway.settings import Settings

HOT = 20_000
WARM = 1_000  # in less than the seconds that a shared copy is fresh

Weighed = dict[str, dict[str, float]]


class Scales:
    """Weighs one kind of look-up after the other."""

    def __init__(self, postgres: int, valkey: int) -> None:
        self.trees = {"valkey": valkey, "postgres": postgres}
        self.found: Weighed = {}

    async def weigh(self, name: str, count: int, work: Callable[[int], Awaitable[Any]]) -> None:
        """Do ``work`` some times, and keep what it cost each time."""
        before = {part: measure.cpu(pid) for part, pid in self.trees.items()}
        here = time.process_time()
        for number in range(count):
            await work(number)
        cost = {"here": time.process_time() - here}
        cost |= {part: measure.cpu(pid) - before[part] for part, pid in self.trees.items()}
        self.found[name] = {part: spent / count * 1e6 for part, spent in cost.items()}


async def main(facts: dict[str, Any]) -> None:
    """Print the figures."""
    scales = Scales(int(sys.argv[2]), int(sys.argv[3]))
    runtime = Runtime(Settings.read())
    await asyncio.gather(runtime.store.start(), runtime.hot.start())
    credentials = runtime.credentials
    cold, jwts = facts["opaque"], facts["jwts"]
    await credentials.find(cold.pop())
    await credentials.find(jwts.pop())
    await scales.weigh("cold", len(cold), lambda number: credentials.find(cold[number]))
    await scales.weigh("cold JWT", len(jwts), lambda number: credentials.find(jwts[number]))
    for name, secret in (("key", facts["key"]), ("token", cold[0]), ("JWT", jwts[0])):
        await _warm(scales, credentials, f"warm {name}", secret)
        await _hot(scales, credentials, f"hot {name}", secret)
    await scales.weigh("proof", len(facts["proofs"]), lambda number: _prove(facts, number))
    await asyncio.gather(runtime.store.stop(), runtime.hot.stop())
    print(json.dumps(scales.found))


async def _hot(scales: Scales, credentials: Any, name: str, secret: str) -> None:
    held, _ = await credentials.find(secret)
    held.read_at += 60  # It stays fresh while it is weighed.
    await scales.weigh(name, HOT, lambda _: credentials.find(secret))
    held.read_at -= 60


async def _warm(scales: Scales, credentials: Any, name: str, secret: str) -> None:
    """Forget the process's own copy before each look-up."""
    await asyncio.sleep(5.1)  # Then PostgreSQL is asked, and the shared copy is new.
    await credentials.find(secret)

    async def work(_: int) -> None:
        credentials.held.clear()
        await credentials.find(secret)

    await scales.weigh(name, WARM, work)


async def _prove(facts: dict[str, Any], number: int) -> None:
    read = dpop.read(
        facts["proofs"][number],
        method="GET",
        url="http://api.test/a",
        now=time.time(),
        window=600,
    )
    assert read.jkt == facts["thumbprint"]  # noqa: S101 - a benchmark of what works


asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
