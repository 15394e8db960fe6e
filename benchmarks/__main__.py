"""``python -m benchmarks``: everything that ``make bench`` measures, or the parts that are named.

Each part is kept in docs/benchmarks/results.json as soon as it is measured, and every page that
tells its figures is written anew. ``--dry`` prints and writes nothing.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import admission, comparison, latency, memory, native, pages, results, tables
from benchmarks.plans import NARROW, WIDE
from benchmarks.rivals.stands import ORDER
from benchmarks.servers import Bench, servers

PLANS = {"wide": WIDE, "narrow": NARROW} | admission.PLANS


@dataclass
class Run:
    """What one run measures with. The services of the comparison start when they are needed."""

    bench: Bench
    asked: argparse.Namespace
    prepared: tuple[int, dict[str, str]] | None = None

    @property
    def behind(self) -> tuple[int, dict[str, str]]:
        """Return the port of the service behind everybody, and a key of each plan."""
        if self.prepared is None:
            self.prepared = comparison.prepare(self.bench, PLANS)
        return self.prepared

    @property
    def pace(self) -> dict[str, Any]:
        return {"rounds": self.asked.rounds, "seconds": self.asked.seconds, "say": say}


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, flush=True)


def compared(run: Run) -> dict[str, Any]:
    """Weigh everybody with one worker, and with two."""
    port, keys = run.behind
    pair = keys["wide"], keys["narrow"]
    return {
        str(workers): comparison.run(run.bench, port, pair, workers=workers, **run.pace)
        for workers in (1, 2)
    }


def delayed(run: Run) -> dict[str, Any]:
    """Stop the times at half load."""
    port, keys = run.behind
    return latency.run(run.bench, port, (keys["wide"], keys["narrow"]), **run.pace)


PARTS: dict[str, Callable[[Run], Any]] = {
    "comparison": compared,
    "latency": delayed,
    "decision": lambda run: run.bench.facts("benchmarks.decision", str(run.bench.valkey)),
    "admission": lambda run: admission.run(run.bench, run.behind[1], f"/shop/v1/orders/{ORDER}"),
    "native": lambda run: native.run(run.bench, **run.pace),
}
ALONE: dict[str, Callable[[Run], Any]] = {
    "memory": lambda run: memory.run(run.bench, requests=run.asked.requests, say=say),
}
SHOWN: dict[str, Callable[[Any], str]] = {
    "comparison": lambda found: "\n\n".join(map(tables.comparison, found.values())),
    "latency": tables.latency,
    "decision": tables.decision,
    "admission": tables.admission,
    "native": tables.native,
    "memory": tables.memory,
}


def show(part: str, found: Any) -> None:
    """Print a part's figures."""
    print(f"\n{SHOWN[part](found)}\n", flush=True)


def main() -> None:
    """Measure part by part."""
    parser = argparse.ArgumentParser(description="What a keyed, limited, metered request costs.")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join([*PARTS, *ALONE])}")
    parser.add_argument("--seconds", type=float, default=4, help="of load for each case and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=memory.REQUESTS, help="of the memory part")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - PARTS.keys() - ALONE.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    with servers() as bench:
        run = Run(bench, asked)
        for part in asked.parts or PARTS:
            found = (PARTS | ALONE)[part](run)
            show(part, found)
            if not asked.dry:
                pages.write(results.keep(**{part: found}))


if __name__ == "__main__":
    main()
