"""A gateway as it runs in production: granian in a process of its own, spoken to over HTTP."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

from box.plan import granian
from box.testing import free_port


class Gateway:
    """One gateway process. ``client`` speaks to it."""

    def __init__(self, environment: dict[str, str], spool: Path, **changes: str) -> None:
        self.port = free_port()
        self.spool = spool
        self.log = spool / "gateway.log"
        self.environment = {
            **os.environ,
            **environment,
            "TRELLIS_SPOOL_DIR": str(spool / "segments"),
            **changes,
        }
        self.client = httpx.Client(base_url=self.url, timeout=15)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, ready: bool = True) -> "Gateway":
        argv = [*granian("127.0.0.1", self.port), "--interface", "asgi", "--loop", "uvloop"]
        argv.append("gateway.asgi:app")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own server
                argv, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self._wait("/readyz" if ready else "/healthz")
        return self

    def _wait(self, page: str) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.client.get(page).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        self.close()
        raise AssertionError(f"The gateway did not start:\n{self.log.read_text()}")

    def end(self, *, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the process and its workers; SIGKILL reaches them all at once."""
        if self.process is not None:
            if how is signal.SIGKILL:
                os.killpg(self.process.pid, how)
            else:
                self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def processes(self) -> list[Path]:
        """Return the folders of the server and its workers below /proc."""
        assert self.process is not None
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            except OSError:
                continue
            if group == self.process.pid:
                found.append(folder)
        return found

    @property
    def memory(self) -> int:
        """Return how much memory they take together, in bytes."""
        told = [(folder / "status").read_text() for folder in self.processes()]
        return sum(int(text.split("VmRSS:")[1].split()[0]) * 1024 for text in told)

    def close(self) -> None:
        self.client.close()
        self.end(how=signal.SIGKILL)


def raw(port: int, data: bytes, *, wait: float = 3.0, close: bool = False) -> bytes:
    """Send bytes as they are, and return all that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as sock:
        sock.sendall(data)
        if close:
            sock.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := sock.recv(65_536):
                answer += piece
        except (TimeoutError, ConnectionError):
            pass
    return answer
