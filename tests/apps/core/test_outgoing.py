"""Reading an address that somebody chose, from the public network only and within bounds."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from apps.core import outgoing

LIMIT = 1_000


class Handler(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        kind, _, size = self.path[1:].partition("/")
        self.send_response(404 if kind == "missing" else 200)
        self.end_headers()
        self.wfile.write(b"x" * int(size or 1))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    settings.PORTAL_URL = "http://localhost:8000"
    Handler.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_document_is_read(site: str) -> None:
    assert outgoing.get(f"{site}/document/1000", limit=LIMIT) == b"x" * 1_000


def test_a_document_that_is_too_large_is_refused(site: str) -> None:
    with pytest.raises(outgoing.Unreachable, match="more than 1,000 bytes"):
        outgoing.get(f"{site}/document/1001", limit=LIMIT)


def test_what_is_not_there_is_told(site: str) -> None:
    with pytest.raises(outgoing.Unreachable, match="It answered 404"):
        outgoing.get(f"{site}/missing", limit=LIMIT)


def test_it_follows_to_where_the_document_is(site: str) -> None:
    assert outgoing.get(f"{site}/to//document/3", limit=LIMIT) == b"xxx"


def test_it_does_not_go_in_circles(site: str) -> None:
    with pytest.raises(outgoing.Unreachable, match="more than 3 times"):
        outgoing.get(f"{site}/to//to//to//to//document/3", limit=LIMIT)
    assert len(Handler.asked) == 4


@pytest.mark.parametrize(
    "inside",
    [
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
        "http://10.0.0.1/",
        "ftp://shop.example/",
    ],
)
def test_no_redirect_leads_into_a_private_network(site: str, inside: str) -> None:
    with pytest.raises(outgoing.Unreachable, match=r"private network|begin with https"):
        outgoing.get(f"{site}/to/{inside}", limit=LIMIT)


def test_an_installation_that_is_public_reads_nothing_of_its_own_machine(
    site: str, settings: Settings
) -> None:
    settings.PORTAL_URL = "https://portal.example"
    with pytest.raises(outgoing.Unreachable, match="must begin with https"):
        outgoing.get(f"{site}/document/3", limit=LIMIT)
    with pytest.raises(outgoing.Unreachable, match="private network"):
        outgoing.get(site.replace("http:", "https:"), limit=LIMIT)
    assert Handler.asked == []


def test_a_name_that_leads_into_a_private_network_as_well_is_not_called(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(site.rpartition(":")[2])
    for inside in (["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"]):
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in inside]
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", lambda *_, rows=rows, **__: rows)
            with pytest.raises(outgoing.Unreachable, match="private network"):
                outgoing.get(f"http://localhost:{port}/document/3", limit=LIMIT)
    assert Handler.asked == []
