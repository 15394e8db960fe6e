"""WebSockets and streams of events pass through, as long as the caller is welcome."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from apps.catalog.models import Api, ApiVersion, Operation, Target, Upstream
from apps.core.invalidation import announce
from apps.keys import services as keys
from apps.keys.services import Issued
from tests.gateway.conftest import World, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

Join = Callable[..., ClientConnection]


class Talk:
    """A service that talks: it repeats what it hears, and closes with a code when told to."""

    def __init__(self) -> None:
        self.heads: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.closed: list[int | None] = []
        self.server = serve(
            self.speak, "127.0.0.1", 0, subprotocols=None, select_subprotocol=self.choose
        )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.socket.getsockname()[1]

    def choose(self, connection: ServerConnection, offered: Any) -> Any:
        return offered[-1] if offered else None

    def speak(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.heads.append(
            {name.lower(): value for name, value in connection.request.headers.raw_items()}
        )
        self.paths.append(connection.request.path)
        try:
            for said in connection:
                if said == "end":
                    connection.close(4242)
                connection.send(said)
        except ConnectionClosed:
            pass
        self.closed.append(connection.close_code)


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    made = Talk()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def talking(world: World, talk: Talk, gateway: Gateway) -> None:
    """An API whose one operation may become a WebSocket, and another that may not."""
    with world():
        Api.objects.filter(slug="talk").delete()  # of another module that borrows this one
        Upstream.objects.filter(slug="talk").delete()
        upstream = Upstream.objects.create(slug="talk")
        Target.objects.create(upstream=upstream, url=f"http://127.0.0.1:{talk.port}")
        api = Api.objects.create(slug="talk", name="Talk", backend=Api.Backend.UPSTREAM)
        version = ApiVersion.objects.create(
            api=api, major=1, document={}, digest="", upstream=upstream, base="/inner"
        )
        for path, policy in (
            ("/room/{id}", {"websocket": True, "body_limit": 1000}),
            ("/plain", {}),
        ):
            Operation.objects.create(
                version=version, name=path, method="GET", path=path, policy=policy
            )
        announce([], "catalog:")
    time.sleep(0.5)


@pytest.fixture
def join(gateway: Gateway, talking: None) -> Join:
    def one(
        issued: Issued | None, path: str = "/talk/v1/room/7?a=1", **more: Any
    ) -> ClientConnection:
        headers = bearer(issued) if issued else {}
        url = gateway.url.replace("http", "ws") + path
        made: ClientConnection = connect(url, additional_headers=headers, proxy=None, **more)
        return made

    return one


def test_messages_go_both_ways(join: Join, key: Issued, talk: Talk) -> None:
    with join(key, subprotocols=["one", "two"]) as socket:
        for said in ("hello", b"\x00bytes", "ünïcode"):
            socket.send(said)
            assert socket.recv(5) == said
        assert socket.subprotocol == "two"
    assert talk.paths[-1] == "/inner/room/7?a=1"
    assert "trellis-caller" in talk.heads[-1]
    assert "authorization" not in talk.heads[-1]


def test_either_side_may_end_it(join: Join, key: Issued, talk: Talk) -> None:
    with join(key) as socket:
        socket.send("end")
        with pytest.raises(ConnectionClosed):
            socket.recv(5)
        assert socket.close_code == 4242
    talk.closed.clear()
    with join(key) as socket:
        socket.close(4001)
    deadline = time.monotonic() + 5
    while 4001 not in talk.closed and time.monotonic() < deadline:
        time.sleep(0.02)
    assert 4001 in talk.closed


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/talk/v1/room/7", "credential_missing"),
        ("/talk/v1/plain", "websocket_refused"),
        ("/talk/v1/nothing", "operation_unknown"),
    ],
)
def test_whoever_may_not_connect_reads_why(join: Join, key: Issued, path: str, code: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        join(None if code == "credential_missing" else key, path)
    told = json.loads(refused.value.response.body or b"")
    assert told["code"] == code
    assert told["status"] == refused.value.response.status_code


def test_a_refused_one_does_not_reach_the_service(join: Join, talk: Talk) -> None:
    before = len(talk.heads)
    with pytest.raises(InvalidStatus):
        join(None)
    assert len(talk.heads) == before


def test_a_message_that_is_too_long_ends_it(join: Join, key: Issued) -> None:
    with join(key) as socket:
        socket.send("x" * 1001)
        with pytest.raises(ConnectionClosed):
            socket.recv(5)
        assert socket.close_code == 1009


def test_a_revoked_key_is_hung_up_on_within_a_second(
    join: Join, issue: Callable[..., Issued], world: World
) -> None:
    leaving = issue()
    with join(leaving) as socket:
        socket.send("still here")
        assert socket.recv(5) == "still here"
        with world():
            keys.revoke(leaving.key, actor=None)
        began = time.monotonic()
        with pytest.raises(ConnectionClosed):
            socket.recv(5)
        assert socket.close_code == 1008
        assert time.monotonic() - began < 1


def test_a_gateway_that_stops_says_so(
    launch: Callable[..., Gateway], key: Issued, talking: None
) -> None:
    gateway = launch()
    url = gateway.url.replace("http", "ws") + "/talk/v1/room/1"
    with connect(url, additional_headers=bearer(key), proxy=None) as socket:
        socket.send("a")
        assert socket.recv(5) == "a"
        gateway.end()
        with pytest.raises(ConnectionClosed):
            socket.recv(5)
        assert socket.close_code == 1001
    assert list((gateway.spool / "segments").iterdir()) == []


def test_a_service_may_hang_up_first_as_often_as_it_likes(
    launch: Callable[..., Gateway], key: Issued, talking: None
) -> None:
    gateway = launch()
    url = gateway.url.replace("http", "ws") + "/talk/v1/room/1"
    for _ in range(30):
        with connect(url, additional_headers=bearer(key), proxy=None) as socket:
            socket.send("end")
            with pytest.raises(ConnectionClosed):
                socket.recv(5)
            assert socket.close_code == 4242
    gateway.end()
    assert "panicked" not in gateway.log.read_text()
    assert list((gateway.spool / "segments").iterdir()) == []


def test_a_stream_of_events_outlives_the_timeout(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    with (
        policed(timeout=0.5),
        gateway.client.stream("GET", "/books/v1/events/6", headers=bearer(key)) as answer,
    ):
        assert answer.headers["content-type"] == "text/event-stream"
        came = [(time.monotonic(), line) for line in answer.iter_lines() if line]
    assert [line for _, line in came] == [f"data: {number}" for number in range(6)]
    assert came[-1][0] - came[0][0] > 1  # Each came when it was said.


def test_a_revoked_key_hears_no_more_events(
    gateway: Gateway, issue: Callable[..., Issued], world: World, policed: Policed
) -> None:
    leaving, heard = issue(), []
    opened = gateway.client.stream("GET", "/books/v1/events/200", headers=bearer(leaving))
    with policed(), opened as answer:
        lines = answer.iter_lines()
        heard.append(next(lines))
        began = time.monotonic()
        with world():
            keys.revoke(leaving.key, actor=None)
        with pytest.raises(httpx.RemoteProtocolError):
            heard.extend(lines)
    assert time.monotonic() - began < 2
    assert len(heard) < 20
