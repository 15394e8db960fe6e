"""``python -m benchmarks.gateway``: what a keyed, limited, metered read costs, here and elsewhere.

(a) an empty ASGI application, (b) the gateway refusing a bad key, (c) the gateway serving one order
of the reference API to a key under three limits, with its usage record, (d) plain DRF with
djangorestframework-api-key and DRF's throttle serving the same order. Same PostgreSQL, same Valkey,
one worker each, in one run; three rounds, medians.

In (c) the backend is the bottleneck and the gateway mostly sleeps: it is woken for every step of a
request, and the same code takes several times the CPU after a sleep. So (c') loads the same
gateway, with the same key, limits and metering, in front of a backend that answers at once: its
share when it is busy. Neither figure stands for the other, so both are printed. What waiting
costs by itself is shown by (p) and (n): a Python application and, where there is one, an nginx that
only pass bytes on, before the same backend.
"""

import argparse
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks.cases import Case, prepare, servers
from benchmarks.measure import middle, round_of

ROUNDS = 3


def check(case: Case, folder: Path) -> None:
    """Make sure that a case answers what it is meant to."""
    name, _, value = case.header().partition(": ")
    request = Request(case.url, headers={name: value} if name else {})  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            status = answer.status
    except URLError as error:
        status = getattr(error, "code", 0)
    if status != case.expected:
        logs = [path.read_text()[-2000:] for path in folder.glob("*.log")]
        said = "\n".join(log for log in logs if log)
        raise SystemExit(f"{case.name} answers {status} instead of {case.expected}.\n{said}")


def table(cases: list[Case]) -> str:
    """Return the medians of all rounds, CPU in microseconds per request."""
    parts = ("gateway", "backend", "valkey", "postgres")
    columns = "".join(f"{part:>10}" for part in (*parts, "total", "req/s"))
    lines = [f"{f'CPU us, median of {len(cases[0].samples)}':28}{columns}"]
    for case in cases:
        found = middle(case.samples)
        cells = [f"{found.cpu[part]:10.0f}" if part in found.cpu else " " * 10 for part in parts]
        wrong = f"   {found.wrong} wrong answers" if found.wrong else ""
        numbers = f"{found.total:10.0f}{found.rate:10.0f}{wrong}"
        lines.append(f"{case.name:28}{''.join(cells)}{numbers}")
    return "\n".join([*lines, "", *summary(*cases[2:5]), *floor(cases[2], cases[5:])])


def summary(ours: Case, busy: Case, theirs: Case) -> list[str]:
    """Say what the figures of (c), (c') and (d) mean; shares are compared round by round."""
    share = median(
        one.total / other.total for one, other in zip(ours.samples, theirs.samples, strict=True)
    )
    waiting, working = (middle(case.samples).cpu["gateway"] for case in (ours, busy))
    return [
        "The gateway's own CPU for a keyed, limited, metered request:",
        f"  {working:4.0f} us when it is the bottleneck (c'; goal: at most 150)",
        f"  {waiting:4.0f} us when it waits for a slow backend (c): the same work after a sleep",
        f"(c) costs {share:.2f} of (d) in total, the median of the rounds (goal: at most 0.80).",
    ]


def floor(ours: Case, passers: list[Case]) -> list[str]:
    """Compare the gateway's share in (c) with what passing bytes on costs there."""
    share = middle(ours.samples).cpu["gateway"]
    lines = []
    for case in passers:
        least, name = middle(case.samples).cpu["gateway"], case.name[3:].partition(",")[0]
        lines.append(
            f"  {least:4.0f} us is what {name} takes to pass the same bytes on and no more"
        )
    return [f"Of the {share:.0f} us in (c), before the same backend:", *lines]


def main() -> None:
    """Measure every case in turn, round by round."""
    parser = argparse.ArgumentParser(description="What a keyed, limited, metered read costs.")
    parser.add_argument("--seconds", type=float, default=5, help="of load for each case and round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    with servers() as bench:
        cases = prepare(bench)
        for case in cases:
            check(case, bench.folder)
        for number in range(asked.rounds):
            for case in cases:
                print(f"round {number + 1}: {case.name}", flush=True)
                sample = round_of(
                    case.url,
                    case.servers,
                    header=case.header(),
                    expected=case.expected,
                    seconds=asked.seconds,
                    connections=asked.connections,
                )
                case.samples.append(sample)
        print("\n" + table(cases))


if __name__ == "__main__":
    main()
