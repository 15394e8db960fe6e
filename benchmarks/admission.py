"""How many requests several gateways admit together, held against the exact bound."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
import uvloop

from benchmarks import traffic
from benchmarks.mortal import Mortal
from benchmarks.plans import Limits, quota, rate
from benchmarks.servers import Bench
from benchmarks.traffic import Call, Source

GATEWAYS = 4
RATE, BURST = 500, 100  # per second, and at once when idle
QUOTA = 10_000
EVEN = (600, 600, 600, 600)  # requests per second to each gateway
SKEWED = (1500, 300, 200, 100)
SECONDS = 5.0
OUTAGE = 3.0  # seconds for which Valkey is away, in the middle
LEARNED = 6.0  # seconds after which gateways know how many they are
ADMITTED, REFUSED = 200, 429
PLANS: dict[str, Limits] = {
    "rate-even": [rate("burst", RATE, burst=BURST), quota(10**9)],
    "rate-skewed": [rate("burst", RATE, burst=BURST), quota(10**9)],
    "quota": [rate("burst", 100_000), quota(QUOTA)],
    "outage": [rate("burst", RATE, burst=BURST), quota(10**9)],
}
WORDS = {
    "rate-even": "a rate, gateways called evenly",
    "rate-skewed": "a rate, one gateway called most",
    "quota": "a hard quota, gateways called evenly",
}


@dataclass(frozen=True)
class Gateways:
    """Several gateways of one Valkey."""

    urls: tuple[str, ...]
    keys: dict[str, str]

    def sources(self, plan: str, rates: Sequence[float]) -> list[Source]:
        """Return callers of all gateways with the key of a plan."""
        header = f"Authorization: Bearer {self.keys[plan]}"
        return [Source(url, header, pace) for url, pace in zip(self.urls, rates, strict=True)]


def start(bench: Bench, path: str, keys: dict[str, str], valkey: str) -> Gateways:
    """Start gateways that share a Valkey, and wait until they know of each other."""
    places = [
        bench.gateway(f"gateway-of-{number}", core=None, VALKEY_URL=valkey)
        for number in range(1, GATEWAYS + 1)
    ]
    time.sleep(LEARNED)
    return Gateways(tuple(f"http://127.0.0.1:{port}{path}" for port, _ in places), keys)


def entitled(calls: Sequence[Call], *, least: int = BURST) -> float:
    """Return what a rate admits at most between the first request and the last answer."""
    first, last = min(call.due for call in calls), max(call.ended for call in calls)
    return least + RATE * (last - first)


def exact(gateways: Gateways, valkey: str) -> list[dict[str, Any]]:
    """Return what was admitted under each plan, and what might have been at most."""
    found = []
    for plan, words in WORDS.items():
        rates = SKEWED if plan == "rate-skewed" else EVEN
        asked, opened = _counted(valkey)
        calls = uvloop.run(traffic.paced(gateways.sources(plan, rates), SECONDS))
        questions, links = _counted(valkey)
        admitted = sum(call.status == ADMITTED for call in calls)
        bound = QUOTA if plan == "quota" else entitled(calls)
        found.append(
            {
                "name": words,
                "sent": len(calls),
                "admitted": admitted,
                "bound": int(bound),
                "over": max(0, admitted - int(bound)),
                "questions": round((questions - asked) / len(calls), 2),
                "cut": links - opened - 1,  # one is our own
                "failed": failures(calls),
            }
        )
    return found


def failures(calls: Sequence[Call]) -> int:
    """Return how many calls were neither admitted nor refused."""
    told = Counter(call.status for call in calls if call.status not in {ADMITTED, REFUSED})
    if told:
        print(f"Failed, by status: {dict(told)}", flush=True)
    return told.total()


def _counted(valkey: str) -> tuple[int, int]:
    """Return how many decisions Valkey has made, and how many connections it has seen."""
    client = redis.Redis.from_url(valkey)
    scripts: Any = client.info("commandstats")
    server: Any = client.info("stats")
    client.close()
    calls = int(scripts.get("cmdstat_evalsha", {}).get("calls", 0))
    return calls, int(server["total_connections_received"])


def outage(gateways: Gateways, valkey: Mortal) -> dict[str, Any]:
    """Kill Valkey in the middle, start it again, and return how the requests fared."""
    valkey.die(OUTAGE, OUTAGE)
    calls = uvloop.run(traffic.paced(gateways.sources("outage", EVEN), 3 * OUTAGE))
    killed, back = valkey.times()
    away = [call for call in calls if killed <= call.due < back]
    admitted = sum(call.status == ADMITTED for call in calls)
    meanwhile = sum(call.status == ADMITTED for call in away)
    return {
        "sent": len(calls),
        "admitted": admitted,
        # Valkey came back empty: what its limits had counted is gone, and a burst may pass again.
        "bound": int(entitled(calls, least=2 * BURST)),
        "share": round(admitted / entitled(calls), 3),
        "away": {"admitted": meanwhile, "share": round(meanwhile / entitled(away), 3)},
        "failed": failures(calls),
        "p99.9": round(traffic.cut(calls, 999), 1),
        "p99.9 away": round(traffic.cut(away, 999), 1),
        "slowest": round(max(call.took for call in calls) * 1e3, 1),
    }


def run(bench: Bench, keys: dict[str, str], path: str) -> dict[str, Any]:
    """Measure with a Valkey of its own, which may die."""
    valkey = Mortal(bench.folder / "mortal", bench.environment)
    before = len(bench.started)
    try:
        gateways = start(bench, path, keys, valkey.url)
        return {"exact": exact(gateways, valkey.url), "outage": outage(gateways, valkey)}
    finally:
        bench.end(before)
        valkey.stop()
