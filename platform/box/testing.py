"""PostgreSQL and Valkey for a test run: private, fast, gone when the run is over.

``python -m box.testing COMMAND …`` runs a command with servers and a migrated database of its own.
"""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from box import plan, secrets
from box.errors import BoxError
from box.paths import Home, Lock
from box.postgres import Postgres
from box.valkey import Valkey


@dataclass
class Running:
    """The servers of one home."""

    lock: Lock
    postgres: Postgres
    valkey: Valkey

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        self.lock.release()


running: dict[Path, Running] = {}
# Below those that systems hand out to outgoing connections: no client takes one meanwhile.
PORTS = range(10_000, 32_000)


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return ``count`` neighbouring ports of loopback that nothing listens on."""
    for _ in range(50):
        first = random.choice(PORTS[:-count])
        found = list(range(first, first + count))
        if all(map(_is_free, found)):
            return found
    raise BoxError(f"There are no {count} free ports beside each other.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def start(home: str | Path) -> dict[str, str]:
    """Start both servers, and return the environment that a process of Trellis needs.

    Call it in the main thread: the servers stop when the thread that started them dies.
    """
    place = Home(Path(home).resolve())
    if place.root not in running:
        lock = Lock(place)
        if not lock.take():
            raise BoxError(f"Another process runs the servers in {place.root}.")
        servers = Running(lock, Postgres(place, durable=False), Valkey(place, durable=False))
        try:
            servers.postgres.start()
            servers.valkey.start()
        except BaseException:
            servers.stop()
            raise
        running[place.root] = servers
    return environment(running[place.root])


def environment(servers: Running) -> dict[str, str]:
    """Return URLs and secrets of running servers."""
    return {
        "DATABASE_URL": servers.postgres.url("app"),
        "DATABASE_OWNER_URL": servers.postgres.url("owner"),
        "DATABASE_GATEWAY_URL": servers.postgres.url("gateway"),
        "VALKEY_URL": servers.valkey.url(),
        "TRELLIS_BROKER_URL": servers.valkey.broker,
        "TRELLIS_SPOOL_DIR": str(servers.postgres.home.spool),
        **secrets.settings(secrets.load(servers.postgres.home)),
    }


def stop(home: str | Path, *, wipe: bool = True) -> None:
    """Stop both servers and, unless told otherwise, delete their data."""
    servers = running.pop(Path(home).resolve(), None)
    if servers is None:
        return
    servers.stop()
    if wipe:
        servers.postgres.wipe()
        shutil.rmtree(servers.valkey.data, ignore_errors=True)
        if servers.postgres.account.uid is not None:
            shutil.rmtree(servers.postgres.account.folder, ignore_errors=True)
        shutil.rmtree(servers.postgres.home.root, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run a command with servers of its own, and return its code."""
    home = tempfile.mkdtemp(prefix="trellis-")
    try:
        served = os.environ | start(home)
        done = subprocess.run(plan.MIGRATE, env=served, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            return done.returncode
        return subprocess.run(command, env=served, check=False).returncode
    finally:
        stop(home)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
