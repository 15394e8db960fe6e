"""What a gateway adds to the time of a request while it has half of what it can do."""

from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import Any

import uvloop

from benchmarks import traffic
from benchmarks.measure import CORES, beside, round_of
from benchmarks.rivals import stands
from benchmarks.rivals.stands import Setting, Stand
from benchmarks.servers import Bench
from benchmarks.traffic import Source

COMPARED = (stands.direct, stands.trellis, stands.with_envoy)
FULL = 3.0  # seconds to find out what Trellis can do
CONNECTIONS = 32
P50, P99, P999 = 500, 990, 999  # of a thousand


def run(
    bench: Bench,
    behind: int,
    keys: tuple[str, str],
    *,
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Send the same pace to everybody in turn; return the milliseconds of each, and their sum."""
    before = len(bench.started)
    given = Setting(bench, behind, keys, 1)
    started = [start(given) for start in COMPARED]
    rate = _full(started[1]) / 2
    found: dict[str, list[dict[str, float]]] = {stand.name: [] for stand in started}
    for number in range(rounds):
        for stand in started:
            say(f"half load, round {number + 1}: {stand.name}")
            found[stand.name].append(_times(stand, rate, seconds))
    bench.end(before)
    middle = {
        name: {cut: median(one[cut] for one in told) for cut in told[0]}
        for name, told in found.items()
    }
    plain = middle[started[0].name]
    for told in middle.values():
        told["added p99"] = told["p99"] - plain["p99"]
    return {"rate": round(rate), "ms": {name: _rounded(told) for name, told in middle.items()}}


def _full(stand: Stand) -> float:
    """Return the requests per second that a stand can do."""
    told = round_of(
        stand.url,
        stand.trees,
        header=stand.good,
        expected=200,
        seconds=FULL,
        connections=CONNECTIONS,
    )
    return told.rate


def _times(stand: Stand, rate: float, seconds: float) -> dict[str, float]:
    with beside(CORES[-1:]):
        calls = uvloop.run(
            traffic.paced([Source(stand.url, stand.good, rate, CONNECTIONS)], seconds)
        )
    told = Counter(call.status for call in calls)
    if told.keys() != {200}:
        raise SystemExit(f"{stand.name} failed at half load; answers by status: {dict(told)}.")
    return {
        "p50": traffic.cut(calls, P50),
        "p99": traffic.cut(calls, P99),
        "p99.9": traffic.cut(calls, P999),
    }


def _rounded(told: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in told.items()}
