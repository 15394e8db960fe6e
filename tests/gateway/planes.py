"""An operator's own data plane, as the guide configures it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from django.conf import settings

from box.testing import free_port

SECRET = "put-the-secret-here"
GUIDE = settings.DOCS / "own-data-plane.md"
ENVOY = str(Path(sys.executable).with_name("envoy"))
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Plane:
    """A data plane that runs. ``client`` calls through it."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)


def block(language: str) -> str:
    """Return the guide's configuration."""
    [found] = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(found)


def placed(text: str, places: dict[str, str]) -> str:
    """Put real values in the place of the guide's; each of those must stand there."""
    for former, value in places.items():
        assert former in text, former
        text = text.replace(former, value)
    return text


@contextmanager
def nginx(folder: Path, *, gateway: int, backend: int, secret: str) -> Iterator[Plane]:
    """Run nginx with the guide's servers."""
    assert NGINX is not None
    port, log = free_port(), folder / "nginx.log"
    places = {
        SECRET: secret,
        "listen 8443": f"listen 127.0.0.1:{port}",
        "gateway.internal:8080": f"127.0.0.1:{gateway}",
        "backend.internal:9000": f"127.0.0.1:{backend}",
    }
    servers = placed(block("nginx"), places)
    stores = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {log} info;"
    web = f"access_log off; client_body_temp_path {folder}/body; {stores}"
    configuration = folder / "nginx.conf"
    configuration.write_text(f"{head}\nevents {{}}\nhttp {{ {web}\n{servers}\n}}\n")
    with _running([NGINX, "-c", str(configuration), "-e", str(log)], port, log) as plane:
        yield plane


@contextmanager
def envoy(folder: Path, *, gateway: int, backend: int, secret: str) -> Iterator[Plane]:
    """Run Envoy with the guide's listener and clusters."""
    port, log = free_port(), folder / "envoy.log"
    places = {
        SECRET: secret,
        "address: 0.0.0.0, port_value: 8443": f"address: 127.0.0.1, port_value: {port}",
        "address: gateway.internal, port_value: 8080": f"address: 127.0.0.1, port_value: {gateway}",
        "address: backend.internal, port_value: 9000": f"address: 127.0.0.1, port_value: {backend}",
    }
    configuration = folder / "envoy.yaml"
    configuration.write_text(placed(block("yaml"), places))
    argv = [ENVOY, "-c", str(configuration), "--concurrency", "1"]
    argv += ["--disable-hot-restart", "--log-level", "warning", "--log-path", str(log)]
    with _running(argv, port, log) as plane:
        yield plane


@contextmanager
def _running(argv: list[str], port: int, log: Path) -> Iterator[Plane]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - as above
    plane = Plane(port, log)
    try:
        deadline = time.monotonic() + 20
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield plane
    finally:
        plane.client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
