"""A whole platform for journeys: ``trellis up`` in a folder of its own, used from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from box.testing import free_port, free_ports

FOREIGN = ("DATABASE_", "VALKEY_", "TRELLIS_", "DJANGO_", "PYTEST_")
SLOWEST_START = 150.0


class Box:
    """One ``trellis up``, its addresses and its demo facts."""

    def __init__(
        self,
        home: Path,
        *,
        gateways: int = 1,
        demo: bool = True,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.home = home
        self.settings = settings or {}
        self.web_port, self.gateway_port = free_port(), free_ports(gateways)[0]
        self.example_port = free_port()
        self.gateways = gateways
        self.demo = demo
        self.log = home.parent / f"{home.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def portal(self) -> str:
        return f"http://localhost:{self.web_port}"

    @property
    def api(self) -> str:
        return f"http://localhost:{self.gateway_port}"

    @property
    def example(self) -> str:
        return f"http://localhost:{self.example_port}"

    @property
    def apis(self) -> list[str]:
        """The address of each gateway."""
        return [f"http://localhost:{self.gateway_port + number}" for number in range(self.gateways)]

    @property
    def facts(self) -> dict[str, str]:
        facts: dict[str, str] = json.loads((self.home / "demo.json").read_text())
        return facts

    def up(self) -> "Box":
        """Start, and wait until the platform is ready."""
        argv = ["up", "--dir", str(self.home), "--web-port", str(self.web_port)]
        argv += ["--gateway-port", str(self.gateway_port), "--gateways", str(self.gateways)]
        argv += ["--example-port", str(self.example_port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "box.cli", *argv, *(["--demo"] if self.demo else [])],
                env=clean_environment() | self.settings,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + SLOWEST_START
        seen = self.log.stat().st_size if self.log.exists() else 0
        while time.monotonic() < deadline:
            assert self.process
            if self.process.poll() is not None:
                raise AssertionError(f"trellis up ended:\n{self.log.read_text()[-3000:]}")
            if self._ready():
                return
            time.sleep(0.2)
        raise AssertionError(
            f"Not up after {SLOWEST_START} s ({seen}):\n{self.log.read_text()[-3000:]}"
        )

    def _ready(self) -> bool:
        if self.demo and "example_order" not in self._facts_or_nothing():
            return False
        try:
            return all(
                httpx.get(f"{base}/healthz", timeout=2).status_code == 200
                for base in (self.portal, *self.apis)
            )
        except httpx.HTTPError:
            return False

    def _facts_or_nothing(self) -> dict[str, str]:
        try:
            return self.facts
        except (FileNotFoundError, ValueError):
            return {}

    def down(self) -> None:
        """Stop everything, as Ctrl-C does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)

    def call(self, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Call the API with ``key``, by default the demo's sandbox key."""
        secret = self.facts["sandbox_key"] if key is None else key
        headers = {"Authorization": f"Bearer {secret}"} | options.pop("headers", {})
        method, base = options.pop("method", "GET"), options.pop("base", self.api)
        return httpx.request(method, base + path, headers=headers, timeout=15, **options)

    def python(self, code: str) -> str:
        """Run ``code`` in Django, as the web process would, and return what it prints."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=clean_environment() | self.settings | self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def environment(self) -> dict[str, str]:
        """Return what a process of this box has in its environment."""
        argv = [sys.executable, "-m", "box.cli", "env", "--dir", str(self.home)]
        shell = f'eval "$({" ".join(argv)})"; {sys.executable} -c "{_DUMP}"'
        done = subprocess.run(  # noqa: S603 - our own command
            ["/bin/sh", "-c", shell], env=clean_environment(), capture_output=True, check=True
        )
        found: dict[str, str] = json.loads(done.stdout)
        return found


_DUMP = "import json,os; print(json.dumps(dict(os.environ)))"


def clean_environment() -> dict[str, str]:
    """Return this process's environment without the test run's own servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
