"""The programs of the box as children: their output, their ends, their next tries."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from box import processes
from box.plan import Task

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
SETTLED_AFTER = 20.0  # A program that ran this long starts with a short pause again.
READ = 65536


class Output:
    """Lines from a pipe that never blocks the reader."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self.rest = b""
        self.last = ""

    def lines(self) -> list[str]:
        """Return the lines that are complete by now."""
        with suppress(BlockingIOError):
            while chunk := os.read(self.read_end, READ):
                self.rest += chunk
        *whole, self.rest = self.rest.split(b"\n")
        said = [line.decode(errors="replace").rstrip() for line in whole]
        self.last = next((line for line in reversed(said) if line), self.last)
        return said

    def close(self) -> None:
        os.close(self.read_end)


class Tail:
    """New lines of a growing file, such as a server's log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = path.stat().st_size if path.exists() else 0

    def lines(self) -> list[str]:
        """Return what was appended since the last call; a shorter file is a new one."""
        try:
            with self.path.open("rb") as file:
                if self.place > os.fstat(file.fileno()).st_size:
                    self.place = 0
                file.seek(self.place)
                new = file.read(READ)
        except FileNotFoundError:
            return []
        whole = new.rpartition(b"\n")[0]
        self.place += len(whole) + 1 if whole else 0
        return [line for line in whole.decode(errors="replace").splitlines() if line.strip()]


class Child:
    """One program that is kept running."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.process: subprocess.Popen[bytes] | None = None
        self.output: Output | None = None
        self.trace: processes.Trace | None = None
        self.since = 0.0
        self.failures = 0
        self.next_try = 0.0

    def start(self) -> None:
        """Start the program in a group of its own, so that Ctrl-C reaches the box alone."""
        self.output = Output()
        self.process = spawn(self.task.argv, self.task.environment, self.output)
        self.trace = processes.Trace.of(self.process.pid)
        self.since = time.monotonic()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def lines(self) -> list[str]:
        return self.output.lines() if self.output and self.process else []

    def bury(self) -> str:
        """Clear up after an end: kill what is left of the group, plan the next try, say why."""
        if self.process is None:
            return ""
        processes.tell(self.process.pid, signal.SIGKILL)
        settled = time.monotonic() - self.since > SETTLED_AFTER
        self.failures = 1 if settled else self.failures + 1
        pause = min(FIRST_PAUSE * 2 ** (self.failures - 1), LONGEST_PAUSE)
        self.next_try = time.monotonic() + pause
        code, self.process = self.process.returncode, None
        if self.output:
            self.output.close()
        return f"{how(code)}; starting again in {pause:g} s"


def spawn(
    argv: list[str], environment: dict[str, str], output: Output
) -> "subprocess.Popen[bytes]":
    """Start a program whose output goes to ``output``, and which dies with this process."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=output.write_end,
        stderr=output.write_end,
        env=environment,
        umask=0o077,
        start_new_session=True,
        preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no threads here
    )
    os.close(output.write_end)
    return process


def how(code: int) -> str:
    """Say how a process ended."""
    if code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended with code {code}"
