"""Everybody side by side: what a keyed, limited request costs in front of the same service."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.measure import middle, round_of
from benchmarks.plans import Limits
from benchmarks.rivals import nginx, stands
from benchmarks.rivals.stands import Setting, Stand
from benchmarks.servers import Bench, free_port

CONNECTIONS = 32
Say = Callable[[str], None]


def prepare(bench: Bench, plans: dict[str, Limits]) -> tuple[int, dict[str, str]]:
    """Start the service behind everybody, publish it; return its port and a key of each plan."""
    stands.ready()
    port = free_port()
    # Beside the load, so that the core of whoever is weighed is its own.
    bench.serve("upstream", nginx.upstream(bench.folder, port=port), port, core=-1)
    asked = {"upstream": f"http://127.0.0.1:{port}", "plans": plans}
    made = bench.facts("benchmarks.trellis", json.dumps(asked))
    return port, {plan: made[plan]["key"] for plan in plans}


def run(
    bench: Bench,
    behind: int,
    keys: tuple[str, str],
    *,
    workers: int,
    rounds: int,
    seconds: float,
    say: Say,
) -> list[dict[str, Any]]:
    """Weigh all stands round by round, and return the medians."""
    before = len(bench.started)
    given = Setting(bench, behind, keys, workers)
    weighed: list[Stand] = []
    for start in stands.ALL:
        stand = start(given)
        stands.prove(stand, bench.logs)
        weighed.append(stand)
    for number in range(rounds):
        for stand in weighed:
            say(f"{workers} worker{'s' * (workers > 1)}, round {number + 1}: {stand.name}")
            stand.samples.append(
                round_of(
                    stand.url,
                    stand.trees,
                    header=stand.good,
                    expected=200,
                    seconds=seconds,
                    connections=CONNECTIONS,
                    pinned=workers == 1,
                )
            )
    bench.end(before)
    return [told(stand) for stand in weighed]


def told(stand: Stand) -> dict[str, Any]:
    """Return the medians of a stand's rounds."""
    found = middle(stand.samples)
    totals = sorted(sample.total for sample in stand.samples)
    return {
        "name": stand.name,
        "cpu": {part: round(spent, 1) for part, spent in found.cpu.items()},
        "total": round(found.total, 1),
        "spread": [round(totals[0], 1), round(totals[-1], 1)],
        "rate": round(found.rate),
        "wrong": found.wrong,
    }
