"""What a decision about three limits costs by itself: ``python -m benchmarks.decision VALKEY``.

It is the gateway's own limiter and link, without HTTP. ``as it runs`` takes leases as gateways do;
``each asked`` asks Valkey for every single one. Prints CPU microseconds here and in Valkey.
"""

import asyncio
import json
import os
import sys
import time
from statistics import median
from typing import Any

import uvloop

from apps.core import ids
from apps.plans import limits as plan_limits
from benchmarks import measure
from benchmarks.plans import WIDE
from gateway import frames, limits
from gateway.credential import Credential
from gateway.limits import Limiter
from gateway.link import Link

FLYING = (1, 16, 64)
COUNT, ROUNDS = 20_000, 5
PATIENCE = 2.0


def caller() -> Credential:
    """Return a key under three wide limits."""
    return Credential(
        digest="",
        key=ids.new("key"),
        application=ids.new("app"),
        organization="",
        tenant="",
        livemode=False,
        scopes=frozenset(),
        networks=(),
        not_before=None,
        expires_at=None,
        revoked=False,
        state="approved",
        organization_suspended=False,
        plan="",
        policies=plan_limits.parse(WIDE),
        owner=b"",
        read_at=0.0,
    )


async def weigh(limiter: Limiter, flying: int, valkey: int) -> dict[str, float]:
    """Decide again and again with so many under way; return what one costs."""
    key, samples = caller(), []

    async def one(count: int) -> None:
        for _ in range(count):
            await limiter.decide(key, 1)
            await asyncio.sleep(0)  # Others get their turn, as between requests.

    idle = await _turns(flying)
    for _ in range(ROUNDS):
        there, here = measure.cpu(valkey), time.process_time()
        await asyncio.gather(*(one(COUNT // flying) for _ in range(flying)))
        spent = time.process_time() - here
        samples.append((spent / COUNT * 1e6 - idle, (measure.cpu(valkey) - there) / COUNT * 1e6))
    return {
        "here": round(median(sample[0] for sample in samples), 1),
        "valkey": round(median(sample[1] for sample in samples), 1),
    }


async def _turns(flying: int) -> float:
    """Return the microseconds of a turn in which nothing is decided."""

    async def one() -> None:
        for _ in range(COUNT // flying):
            await asyncio.sleep(0)

    began = time.process_time()
    await asyncio.gather(*(one() for _ in range(flying)))
    return (time.process_time() - began) / COUNT * 1e6


async def main() -> None:
    """Print the figures."""
    valkey = int(sys.argv[1])
    link = Link(os.environ["VALKEY_URL"], patience=PATIENCE, scripts=frames.SCRIPTS)
    await link.start()
    limiter, told = Limiter(link), dict[str, Any]()
    for name, most in (("as it runs", limits.MOST), ("each asked", 1)):
        limits.MOST = most
        told[name] = {flying: await weigh(limiter, flying, valkey) for flying in FLYING}
    await limiter.stop()
    await link.stop()
    print(json.dumps(told))


if __name__ == "__main__":
    uvloop.run(main())
