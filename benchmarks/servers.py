"""The servers of one run: PostgreSQL, Valkey, and whatever is weighed."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.measure import Server, granian, pin
from box import testing

ROOT = Path(__file__).resolve().parents[1]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@dataclass
class Bench:
    """What a measurement starts servers with. All of them end with it."""

    environment: dict[str, str]
    folder: Path
    postgres: int
    valkey: int
    started: list[Server] = field(default_factory=list)

    def run(self, module: str, *arguments: str, **changes: str) -> str:
        """Run a Python module to its end and return its last line."""
        return self.execute([sys.executable, "-m", module, *arguments], **changes)

    def execute(self, argv: list[str], **changes: str) -> str:
        """Run a command to its end and return its last line."""
        done = subprocess.run(  # noqa: S603 - our own programs
            argv, env=self.environment | changes, check=True, stdout=subprocess.PIPE, text=True
        )
        return (done.stdout.strip().splitlines() or [""])[-1]

    def facts(self, module: str, *arguments: str, **changes: str) -> dict[str, Any]:
        """Run a Python module that prepares something, and return what it says of it."""
        said: dict[str, Any] = json.loads(self.run(module, *arguments, **changes))
        return said

    def start(
        self,
        name: str,
        interface: str,
        target: str,
        *more: str,
        core: int | None = 0,
        **changes: str,
    ) -> tuple[int, int]:
        """Start a granian; return its port and process."""
        port = free_port()
        argv = granian(interface, target, port, *more)
        return self.serve(name, argv, port, core=core, **changes)

    def serve(
        self, name: str, argv: list[str], port: int, *, core: int | None = 0, **changes: str
    ) -> tuple[int, int]:
        """Start a server that listens on ``port``; return its port and process.

        It stays on one core, the first unless another is named; with None it moves freely.
        """
        server = Server(name, argv, self.environment | changes, self.folder / f"{name}.log")
        self.started.append(server)
        if not listens(port, server):
            raise SystemExit(f"{name} does not start.\n{self.logs()}")
        time.sleep(1)
        if core is not None:
            pin(server.pid, core)
        return port, server.pid

    def gateway(
        self, name: str, *more: str, core: int | None = 0, **changes: str
    ) -> tuple[int, int]:
        """Start a gateway."""
        options = ("--loop", "uvloop", *more)
        return self.start(name, "asgi", "gateway.asgi:app", *options, core=core, **changes)

    def end(self, first: int = 0) -> None:
        """Stop the servers that were started, or those from number ``first`` on."""
        while len(self.started) > first:
            self.started.pop().stop()

    def logs(self) -> str:
        """Return the ends of all logs."""
        texts = (path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))
        return "\n".join(text for text in texts if text)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int, server: Server) -> bool:
    """Wait until a server listens; tell whether it ever does."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


@contextmanager
def servers() -> Iterator[Bench]:
    """Start PostgreSQL and Valkey, migrate, and stop everything in the end."""
    with tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder:
        given = testing.start(f"{folder}/home")
        engines = testing.running[Path(f"{folder}/home").resolve()]
        assert engines.postgres.process is not None  # noqa: S101 - just started
        assert engines.valkey.process is not None  # noqa: S101 - as above
        environment = os.environ | given | {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
        # Nobody else here turns requests away when the machine stands still for a moment.
        environment["TRELLIS_GATEWAY_CAPACITY"] = "100000"
        bench = Bench(
            environment, Path(folder), engines.postgres.process.pid, engines.valkey.process.pid
        )
        try:
            bench.run("box.migrate")
            yield bench
        finally:
            bench.end()
            testing.stop(f"{folder}/home")


def create_database(owner: str, name: str) -> str:
    """Create a database beside that of ``owner``, and return its URL."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return owner.replace("/trellis?", f"/{name}?")
