"""What the two embedded servers have in common: a child process that must become ready."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import IO

from box import account, processes
from box.errors import BoxError
from box.paths import PRIVATE_FILE, Home

READY_WITHIN = 60.0


class Server(ABC):
    """A server of the box. Subclasses say how it is started and when it is ready."""

    name: str

    def __init__(self, home: Home | Path) -> None:
        self.home = home if isinstance(home, Home) else Home(Path(home).resolve())
        self.home.make()
        self.account = account.of(self.home)
        self.process: subprocess.Popen[bytes] | None = None
        self.interrupted: Callable[[], bool] = lambda: False

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it serves."""

    @property
    def log(self) -> Path:
        return self.home.root / f"{self.name}.log"

    def launch(self, argv: list[str], *, parting: signal.Signals, feed: bytes = b"") -> None:
        """Start the program as its account; what it says goes to a private log file.

        ``parting`` is the signal it gets when the box itself is killed.
        """
        handle = os.open(
            self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, PRIVATE_FILE
        )
        with os.fdopen(handle, "wb") as log:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.account.folder,
                env={"PATH": os.defpath, "LANG": "C", "TZ": "UTC"},
                user=self.account.uid,
                group=self.account.gid,
                extra_groups=None if self.account.uid is None else [],
                umask=0o077,
                start_new_session=True,
                preexec_fn=processes.dies_with_parent(parting),  # noqa: PLW1509 - no threads here
            )
        if feed:
            pipe: IO[bytes] | None = self.process.stdin
            if pipe is not None:
                pipe.write(feed)
                pipe.close()

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for the server; if it gives up, say its last words."""
        deadline = time.monotonic() + READY_WITHIN
        while not ready():
            if self.process is None or self.process.poll() is not None:
                raise BoxError(f"{self.name} did not start: {self.last_words()}")
            if self.interrupted():
                raise BoxError(f"Stopped while {self.name} was starting.")
            if time.monotonic() > deadline:
                self.stop()
                raise BoxError(f"{self.name} did not get ready within {READY_WITHIN:.0f} seconds.")
            time.sleep(0.03)

    def last_words(self) -> str:
        """Return the line of the log that says why the server stopped."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        lines = [line.strip() for line in lines if line.strip()]
        telling = [
            line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror"))
        ]
        return (telling or lines or ["it said nothing."])[-1]

    def stop(self) -> None:
        """Stop the server and wait until it is gone; harmless when it does not run."""
        if self.process is not None:
            processes.stop(self.process, *self.farewell())
            self.process = None

    def farewell(self) -> list[tuple[signal.Signals, float]]:
        """Return the signals that stop it, and how many seconds each is given."""
        return [(signal.SIGTERM, 6.0)]
