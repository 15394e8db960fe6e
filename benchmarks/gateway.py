"""``python -m benchmarks.gateway``: what a keyed, limited, metered read costs, here and elsewhere.

(a) an empty ASGI application, (b) the gateway refusing a bad key, (c) the gateway serving one order
of the reference API to a key under three limits, with its usage record, (d) plain DRF with
djangorestframework-api-key and DRF's throttle serving the same order. Same PostgreSQL, same Valkey,
one worker each, in one run; three rounds, medians.

In (c) the backend is the bottleneck and the gateway mostly sleeps: it is woken for every step of a
request, and the same code takes several times the CPU after a sleep. So (c') loads the same
gateway, with the same key, limits and metering, in front of a backend that answers at once: its
share when it is busy. Neither figure stands for the other, so both are printed.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks.measure import Sample, Server, granian, middle, pin, round_of
from box import testing

ROUNDS = 3
BAD = "trl_test_k" + "a" * 38


@dataclass
class Case:
    """Something to measure: where to send requests, what must answer, and which processes work."""

    name: str
    url: str
    header: str
    expected: int
    servers: dict[str, int]
    samples: list[Sample] = field(default_factory=list)


@dataclass
class Bench:
    """The servers of one run."""

    environment: dict[str, str]
    folder: Path
    postgres: int
    valkey: int
    started: list[Server] = field(default_factory=list)

    def run(self, module: str, *arguments: str, **changes: str) -> str:
        """Run a Python module to its end and return its last line."""
        done = subprocess.run(  # noqa: S603 - our own modules
            [sys.executable, "-m", module, *arguments],
            env=self.environment | changes,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return (done.stdout.strip().splitlines() or [""])[-1]

    def start(
        self, name: str, interface: str, target: str, *more: str, **changes: str
    ) -> tuple[int, int]:
        """Start a server; return its port and process."""
        port = free_port()
        server = Server(
            name,
            granian(interface, target, port, *more),
            self.environment | changes,
            self.folder / f"{name}.log",
        )
        self.started.append(server)
        await_port(port)
        time.sleep(1)
        pin(server.pid, load=False)
        return port, server.pid

    def gateway(self, name: str, upstream: int) -> tuple[int, int]:
        """Start a gateway in front of the service on port ``upstream``."""
        where = f"http://127.0.0.1:{upstream}"
        target, loop = "gateway.asgi:app", ("--loop", "uvloop")
        return self.start(name, "asgi", target, *loop, TRELLIS_WEB_UPSTREAM=where)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"Nothing listens on port {port}.")


@contextmanager
def servers() -> Iterator[Bench]:
    """Start PostgreSQL and Valkey, and stop everything in the end."""
    with tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder:
        given = testing.start(f"{folder}/home")
        engines = testing.running[Path(f"{folder}/home").resolve()]
        assert engines.postgres.process is not None  # noqa: S101 - just started
        assert engines.valkey.process is not None  # noqa: S101
        environment = os.environ | given | {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
        bench = Bench(
            environment, Path(folder), engines.postgres.process.pid, engines.valkey.process.pid
        )
        try:
            yield bench
        finally:
            for server in bench.started:
                server.stop()
            testing.stop(f"{folder}/home")


def prepare(bench: Bench) -> list[Case]:
    """Start every server and return what to measure."""
    bench.run("box.migrate")
    facts = json.loads(bench.run("benchmarks.trellis"))
    path, stores = f"/orders/{facts['order']}", {"valkey": bench.valkey, "postgres": bench.postgres}
    keyed = f"Authorization: Bearer {facts['key']}"
    # As ``trellis up`` starts them.
    threads = ("--blocking-threads", "8")
    web_port, web = bench.start("web", "wsgi", "config.wsgi:application", *threads)
    port, gateway = bench.gateway("gateway", web_port)
    empty_port, empty = bench.start("empty", "asgi", "benchmarks.empty:app", "--loop", "uvloop")
    busy_port, busy = bench.gateway("busy", empty_port)
    owner = bench.environment["DATABASE_OWNER_URL"]
    url = owner.replace("/trellis?", "/rival?")
    create_database(owner, "rival")
    key = bench.run("benchmarks.rival.prepare", facts["order"], RIVAL_DATABASE_URL=url)
    rival_port, rival = bench.start(
        "rival", "wsgi", "benchmarks.rival.wsgi:application", *threads, RIVAL_DATABASE_URL=url
    )
    base = f"http://127.0.0.1:{port}/commerce/v1"
    return [
        Case("a  empty ASGI", f"http://127.0.0.1:{empty_port}{path}", "", 200, {"gateway": empty}),
        Case(
            "b  bad key refused",
            base + path,
            f"Authorization: Bearer {BAD}",
            401,
            {"gateway": gateway} | stores,
        ),
        Case(
            "c  Trellis, slow backend",
            base + path,
            keyed,
            200,
            {"gateway": gateway, "backend": web} | stores,
        ),
        Case(
            "c' Trellis, instant backend",
            f"http://127.0.0.1:{busy_port}/commerce/v1{path}",
            keyed,
            200,
            {"gateway": busy} | stores,
        ),
        Case(
            "d  DRF + key + throttle",
            f"http://127.0.0.1:{rival_port}{path}",
            f"Authorization: Api-Key {key}",
            200,
            {"backend": rival} | stores,
        ),
    ]


def create_database(owner: str, name: str) -> None:
    """Create a database beside that of ``owner``."""
    import psycopg  # noqa: PLC0415 - needed here only

    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')


def check(case: Case, folder: Path) -> None:
    """Make sure that a case answers what it is meant to."""
    name, _, value = case.header.partition(": ")
    request = Request(case.url, headers={name: value} if name else {})  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310
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
    return "\n".join([*lines, "", *summary(*cases[2:])])


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
                    header=case.header,
                    expected=case.expected,
                    seconds=asked.seconds,
                    connections=asked.connections,
                )
                case.samples.append(sample)
        print("\n" + table(cases))


if __name__ == "__main__":
    main()
