"""What ``make bench`` measures: the servers of one run, and the requests that each case sends."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.core import caller
from benchmarks import passing
from benchmarks.measure import Sample, Server, granian, pin
from box import testing

BAD = "trl_test_k" + "a" * 38
AUDIENCE = "commerce"


@dataclass
class Case:
    """Something to measure: where to send requests, what must answer, and which processes work."""

    name: str
    url: str
    header: Callable[[], str]  # asked before each round: a caller's signature lives 30 s
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
        """Start a granian; return its port and process."""
        port = free_port()
        return self.serve(name, granian(interface, target, port, *more), port, **changes)

    def serve(self, name: str, argv: list[str], port: int, **changes: str) -> tuple[int, int]:
        """Start a server that listens on ``port``; return its port and process."""
        server = Server(name, argv, self.environment | changes, self.folder / f"{name}.log")
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
        assert engines.valkey.process is not None  # noqa: S101 - as above
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
    # As ``trellis up`` starts them.
    threads = ("--blocking-threads", "8")
    web_port, web = bench.start("web", "wsgi", "config.wsgi:application", *threads)
    port, gateway = bench.gateway("gateway", web_port)
    empty_port, empty = bench.start("empty", "asgi", "benchmarks.empty:app", "--loop", "uvloop")
    busy_port, busy = bench.gateway("busy", empty_port)
    key = f"Authorization: Bearer {facts['key']}"
    bad = f"Authorization: Bearer {BAD}"
    base, own = f"http://127.0.0.1:{port}/commerce/v1", {"gateway": gateway} | stores
    cases = [
        Case("a  empty ASGI", f"http://127.0.0.1:{empty_port}{path}", str, 200, {"gateway": empty}),
        Case("b  bad key refused", base + path, lambda: bad, 401, own),
        Case("c  Trellis, slow backend", base + path, lambda: key, 200, own | {"backend": web}),
        Case(
            "c' Trellis, instant backend",
            f"http://127.0.0.1:{busy_port}/commerce/v1{path}",
            lambda: key,
            200,
            {"gateway": busy} | stores,
        ),
        rival(bench, facts["order"], threads, stores),
    ]
    return cases + passers(
        bench, f"/commerce/v1{path}", facts["caller"], web_port, {"backend": web} | stores
    )


def rival(bench: Bench, order: str, threads: tuple[str, ...], stores: dict[str, int]) -> Case:
    """Start plain DRF with a key and a throttle."""
    owner = bench.environment["DATABASE_OWNER_URL"]
    url = owner.replace("/trellis?", "/rival?")
    create_database(owner, "rival")
    key = bench.run("benchmarks.rival.prepare", order, RIVAL_DATABASE_URL=url)
    port, process = bench.start(
        "rival", "wsgi", "benchmarks.rival.wsgi:application", *threads, RIVAL_DATABASE_URL=url
    )
    header = f"Authorization: Api-Key {key}"
    at = f"http://127.0.0.1:{port}/orders/{order}"
    return Case("d  DRF + key + throttle", at, lambda: header, 200, {"backend": process} | stores)


def passers(
    bench: Bench, path: str, facts: dict[str, Any], upstream: int, backends: dict[str, int]
) -> list[Case]:
    """Start what only passes bytes on to the web process, which is told the caller by the load."""
    known = caller.Caller(request_id="req_0000000000000000000000", livemode=False, **facts)
    root = bytes.fromhex(bench.environment["TRELLIS_CALLER_KEY"])
    secret = caller.key_for(AUDIENCE, root)

    def header() -> str:
        token = caller.sign(
            known, audience=AUDIENCE, method="GET", path=path, key=secret, now=time.time()
        )
        return f"{caller.HEADER}: {token}"

    where = f"http://127.0.0.1:{upstream}"
    started = {
        "p  Python, passes bytes on": bench.start(
            "pass", "asgi", "benchmarks.passing:app", "--loop", "uvloop", TRELLIS_WEB_UPSTREAM=where
        )
    }
    if passing.NGINX:
        port = free_port()
        argv = passing.nginx(bench.folder, port=port, upstream=upstream)
        started["n  nginx, passes bytes on"] = bench.serve("nginx", argv, port)
    return [
        Case(
            name,
            f"http://127.0.0.1:{port}{path}",
            header,
            200,
            {"gateway": process} | backends,
        )
        for name, (port, process) in started.items()
    ]


def create_database(owner: str, name: str) -> None:
    """Create a database beside that of ``owner``."""
    import psycopg  # noqa: PLC0415 - needed here only

    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
