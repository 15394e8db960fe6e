"""``python -m tests.faults [ROW …]``: break each friend of the gateway under load, and look.

Every row of "When things break" happens to real gateways while clients ask steadily. At the end
what they were told is held against what services saw and what usage counted. The code is 1 when a
bound does not hold. What the machine is too busy to tell is said to be so, and never held.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator

from tests.faults import ending, postgresql, report, retries, upstream, valkey
from tests.faults.report import Row
from tests.faults.stage import Stage, stage

ROWS: dict[str, Callable[[Stage], Iterator[Row]]] = {
    "valkey": valkey.rows,
    "postgresql": postgresql.rows,
    "upstream": upstream.rows,
    "stopping": ending.stopping,
    "killing": ending.killing,
    "full": ending.full,
    "retries": retries.rows,
}


def main() -> int:
    """Run the rows that were asked for, all by default."""
    parser = argparse.ArgumentParser(description="What happens when things break.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    asked = parser.parse_args().rows or list(ROWS)
    if unknown := set(asked) - ROWS.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    began, states = time.monotonic(), []
    with stage() as made:
        for name in asked:
            for row in ROWS[name](made):
                row.show()
                states.append(row.state)
    took = time.monotonic() - began
    held, busy = states.count(report.HELD), states.count(report.BUSY)
    sys.stdout.write(f"{held} of {len(states)} rows held, {busy} not judged, in {took:.0f} s.\n")
    return int(report.BROKEN in states)


if __name__ == "__main__":
    sys.exit(main())
