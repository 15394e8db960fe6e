"""Commands that look at a box from outside: down, status, and a way in for the others."""

import argparse
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from box import engines, plan, processes, state
from box.errors import BoxError
from box.paths import Home, Lock
from box.state import State

STOPS_WITHIN = 15.0


def down(home: Home, asked: argparse.Namespace) -> int:
    """Stop the running box, and what a killed one left behind."""
    if state.runs(home):
        seen = State.read(home)
        if seen is None:
            raise BoxError("The box is just starting or stopping; try again in a moment.")
        processes.tell(seen.supervisor.pid, signal.SIGTERM, group=False)
        deadline = time.monotonic() + STOPS_WITHIN
        while state.runs(home) and time.monotonic() < deadline:
            time.sleep(0.1)
        if seen.supervisor.alive and state.runs(home):
            processes.tell(seen.supervisor.pid, signal.SIGKILL, group=False)
        print("Trellis has stopped.")
    else:
        print("Trellis does not run here.")
    if left := State.read(home):
        processes.end(left.processes.values(), patience=2.0)
        home.state.unlink(missing_ok=True)
    if asked.wipe:
        wipe(home)
    return 0


def wipe(home: Home) -> None:
    """Delete the data of a stopped box. Real servers keep theirs: they are not the box's."""
    if not home.root.is_dir():
        return
    lock = Lock(home)
    if not lock.take():
        raise BoxError("The box still runs; nothing was deleted.")
    for server in engines.of(home).embedded:
        shutil.rmtree(server.account.folder / server.name, ignore_errors=True)
    for folder in (home.spool, home.socket_folder()):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (home.demo, *home.root.glob("beat*")):
        file.unlink(missing_ok=True)
    lock.release()
    print(f"The data of {home.root} was deleted.")


def status(home: Home, asked: argparse.Namespace) -> int:
    """Show what runs. The code is 0 when the box runs and 3 when it does not."""
    print(f"folder      {home.root}")
    if not state.runs(home):
        print("state       stopped")
        return 3
    seen = State.read(home)
    print(f"state       {'ready' if seen and seen.ready else 'starting'}")
    if seen is None:
        return 0
    for server in engines.of(home).embedded:
        print(f"data        {server.account.folder / server.name}")
    for name, version in seen.versions.items():
        print(f"{name:<12}{version}")
    print(f"portal      {seen.portal_url}\nAPI         {seen.api_url}")
    print(f"{'trellis':<12}process {seen.supervisor.pid}")
    for name, trace in seen.processes.items():
        print(f"{name:<12}process {trace.pid}{'' if trace.alive else ' (ended)'}")
    return 0


@contextmanager
def reachable(home: Home) -> Iterator[engines.Engines]:
    """Give both engines: those of the running box, or its own started for a moment."""
    found = engines.of(home)
    lock = Lock(home)
    ours = lock.take()
    try:
        for server in found.embedded if ours else []:
            server.start()
        found.connect()
        yield found
    finally:
        for server in reversed(found.embedded if ours else []):
            server.stop()
        lock.release()


def environment(home: Home) -> dict[str, str]:
    """Return what differs from this process's environment for a process of the box."""
    found = engines.of(home)
    found.connect()
    seen = State.read(home)
    options = plan.Options()
    if seen and seen.ports:
        options = plan.Options(web_port=seen.ports[0], gateway_port=seen.ports[-1])
    wanted = plan.environment(home, found, options)
    names = ("DATABASE_", "VALKEY_", "TRELLIS_", "DJANGO_")
    return {name: value for name, value in wanted.items() if name.startswith(names)}
