"""Processes: starting them so that they never outlive the box, and ending leftovers."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program: if the parent is killed, it is told.

    The kernel watches the thread that forked, so children are started from the main thread.
    """
    parent = os.getpid()

    def prepare() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(number))
            if os.getppid() != parent:  # It was killed before the kernel had been asked.
                os._exit(1)

    return prepare


@dataclass(frozen=True)
class Trace:
    """A process that can be recognised later, although its number may be used again."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "Trace":
        return cls(pid, started(pid))

    @property
    def alive(self) -> bool:
        return bool(self.started) and started(self.pid) == self.started

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def started(pid: int) -> str:
    """Return when a process started, in the machine's own words; "" if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            # The name in brackets may hold anything, even brackets: read from the last one.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] == "Z" else fields[19]
    seen = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return seen.stdout.strip()


def tell(pid: int, number: signal.Signals, *, group: bool = True) -> None:
    """Send a signal to a process, or to its whole group; it may be gone already."""
    with suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(pid, number)


def end(traces: Iterable[Trace], *, patience: float) -> None:
    """Stop processes of an earlier run: politely, and after ``patience`` seconds for good."""
    left = [trace for trace in traces if trace.alive]
    for trace in left:
        tell(trace.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [trace for trace in left if trace.alive]
    for trace in left:
        tell(trace.pid, signal.SIGKILL)


def stop(
    process: "subprocess.Popen[bytes]", *steps: tuple[signal.Signals, float], group: bool = False
) -> None:
    """Send each signal in turn until the process has ended; SIGKILL is always the last."""
    for number, patience in (*steps, (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            return
        tell(process.pid, number, group=group)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
