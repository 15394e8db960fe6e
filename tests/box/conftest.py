"""A box with stand-in programs, started as a person would start it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from box import control
from box.paths import Home
from box.processes import Trace
from box.testing import free_port

PROGRAM = [sys.executable, str(Path(__file__).with_name("stand_in.py"))]


def clean_environment() -> dict[str, str]:
    """Leave out what points at the servers of this test run."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "VALKEY_", "TRELLIS_", "DJANGO_"))
    }


@dataclass
class Box:
    """One folder, and the command line in it."""

    root: Path
    web_port: int = field(default_factory=free_port)
    gateway_port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=clean_environment)
    options: list[str] = field(default_factory=list)
    process: "subprocess.Popen[str] | None" = None

    def run(self, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
        words = [*PROGRAM, *arguments, "--dir", str(self.root)]
        if arguments[0] == "up":
            words += self.ports
        return subprocess.run(  # noqa: S603 - our own program
            words,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **more,
        )

    @property
    def ports(self) -> list[str]:
        ours = ["--web-port", str(self.web_port), "--gateway-port", str(self.gateway_port)]
        return [*ours, *self.options]

    @property
    def log(self) -> Path:
        return self.root.with_name(f"{self.root.name}.log")

    def up(self) -> None:
        """Start the box, and wait until it says that it is ready."""
        if self.process is not None:
            self.process.wait(20)  # stopped by other means
        with self.log.open("w") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*PROGRAM, "up", "--dir", str(self.root), *self.ports],
                env=self.environment,
                stdout=log,
                stderr=log,
                text=True,
            )
        self.wait_for("Ready.")

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in self.log.read_text():
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.root / "box.json").read_text())
        return state

    def traces(self) -> dict[str, Trace]:
        return {name: Trace(**trace) for name, trace in self.state()["processes"].items()}

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
        if self.process is not None:
            self.process.wait(20)

    def remove(self) -> None:
        self.stop()
        if self.root.is_dir():
            control.wipe(Home(self.root))
        note = self.root / "data-folder"  # root's servers keep their data there
        if note.is_file():
            shutil.rmtree(Path(note.read_text().strip()), ignore_errors=True)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A folder in which no box has run yet."""
    box = Box(tmp_path / "home")
    yield box
    box.remove()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A running box that the tests of a module only look at."""
    box = Box(tmp_path_factory.mktemp("box") / "home")
    box.up()
    yield box
    box.remove()
