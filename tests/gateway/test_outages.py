"""When Valkey, PostgreSQL or the service behind fails: nothing is open, nothing hangs."""

import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from apps.core import invalidation, secrets
from apps.keys.services import Issued
from box.paths import Home
from box.valkey import Valkey
from tests.faults.proxy import BLACK_HOLE, FINE, Background, Proxy, socket_of
from tests.gateway.conftest import DATABASE, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn
from tests.gateway.tokens import Token

Issue = Callable[..., Issued]
RATE = [{"name": "burst", "kind": "rate", "scope": "application", "limit": 20, "window": 1}]


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that may be killed."""
    server = Valkey(Home(tmp_path_factory.mktemp("valkey")), durable=False)
    server.start()
    yield server
    server.stop()


def call(gateway: Gateway, key: Issued, target: str = "/shop/v1/echo", method: str = "GET") -> int:
    return gateway.client.request(method, target, headers=bearer(key)).status_code


def test_limits_hold_while_valkey_is_dead_and_nobody_waits(
    launch: Callable[..., Gateway], issue: Issue, valkey: Valkey
) -> None:
    gateway, key = launch(VALKEY_URL=valkey.url()), issue(limits=RATE)
    assert call(gateway, key) == 200
    assert valkey.process is not None
    valkey.process.kill()
    valkey.process.wait()
    time.sleep(1.2)
    began, statuses, slowest = time.monotonic(), Counter[int](), 0.0
    while time.monotonic() - began < 2:
        at = time.monotonic()
        statuses[call(gateway, key)] += 1
        slowest = max(slowest, time.monotonic() - at)
    assert set(statuses) == {200, 429}
    assert 40 <= statuses[200] <= 64
    assert slowest < 0.5
    valkey.start()
    time.sleep(1)
    assert gateway.client.get("/readyz").json()["valkey"] is True
    headers = gateway.client.get("/shop/v1/echo", headers=bearer(key)).headers
    assert '"burst";r=' in headers["ratelimit"]


def test_a_valkey_that_stands_still_is_given_up_at_once(
    launch: Callable[..., Gateway], issue: Issue, valkey: Valkey
) -> None:
    gateway, key = launch(VALKEY_URL=valkey.url()), issue()
    assert call(gateway, key) == 200
    assert valkey.process is not None
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        times = []
        for _ in range(20):
            began = time.monotonic()
            assert call(gateway, key) == 200
            times.append(time.monotonic() - began)
        assert max(times) < 0.5
        assert sorted(times)[10] < 0.02
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)


def test_a_gateway_starts_without_valkey(
    launch: Callable[..., Gateway], issue: Issue, valkey: Valkey
) -> None:
    valkey.stop()
    gateway, key = launch(VALKEY_URL=valkey.url()), issue(limits=RATE)
    assert call(gateway, key) == 200
    assert gateway.client.get("/readyz").json()["valkey"] is False


class Door:
    """The way to PostgreSQL, for gateways: it can be shut."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.owner = environment["DATABASE_OWNER_URL"].replace(f"/{DATABASE}", "/postgres")
        self.gateway = environment["DATABASE_GATEWAY_URL"]

    def shut(self) -> None:
        with psycopg.connect(self.gateway, autocommit=True) as connection:
            self._allow("false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid()"
            )

    def open(self) -> None:
        self._allow("true")

    def _allow(self, answer: str) -> None:
        with psycopg.connect(self.owner, autocommit=True) as owner:
            owner.execute(f'ALTER DATABASE "{DATABASE}" ALLOW_CONNECTIONS {answer}')


@pytest.fixture
def door(environment: dict[str, str], gateway: Gateway) -> Iterator[Door]:
    """A door that stands open again after the test, and the shared gateway has noticed."""
    made = Door(environment)
    yield made
    made.open()
    stranger = {"Authorization": f"Bearer {secrets.mint('test')}"}
    deadline = time.monotonic() + 10
    while gateway.client.get("/shop/v1/echo", headers=stranger).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_known_keys_keep_reading_while_postgresql_is_away(
    gateway: Gateway, issue: Issue, grant_token: Callable[..., Token], door: Door
) -> None:
    known, revoked, unknown = issue(), issue(), issue()
    held = grant_token()
    assert call(gateway, known) == call(gateway, revoked) == 200
    assert gateway.client.get("/shop/v1/echo", headers=held.header).status_code == 200
    door.shut()
    time.sleep(5.2)
    assert gateway.client.get("/shop/v1/echo", headers=held.header).status_code == 200
    answer = gateway.client.post("/shop/v1/echo", headers=held.header)
    assert (answer.status_code, answer.json()["code"]) == (503, "credential_store_unavailable")
    assert call(gateway, known) == 200
    answer = gateway.client.post("/shop/v1/echo", headers=bearer(known))
    assert (answer.status_code, answer.json()["code"]) == (503, "credential_store_unavailable")
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(unknown))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["code"] == "credential_store_unavailable"
    assert answer.headers["content-type"] == "application/problem+json"
    stranger = f"Bearer {secrets.mint('test', kind='a')}"
    token = gateway.client.get("/shop/v1/echo", headers={"Authorization": stranger})
    assert (token.status_code, token.json()["code"]) == (503, "credential_store_unavailable")
    tombstone(revoked)
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(revoked))
    assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")
    door.open()
    deadline = time.monotonic() + 6
    while call(gateway, unknown) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert call(gateway, known, method="POST") == 200


def tombstone(key: Issued) -> None:
    """Revoke a key in Valkey only, as the announcement does."""
    from apps.core import valkey  # noqa: PLC0415 - the fixture of that name is another Valkey

    name = invalidation.cache_name(bytes(key.key.digest))
    valkey.client().set(name, '{"dead": "key_revoked"}')
    valkey.client().publish("trl:invalidate", f"key:{bytes(key.key.digest).hex()}")
    time.sleep(0.1)


@pytest.fixture
def way(environment: dict[str, str]) -> Iterator[tuple[Proxy, str]]:
    """A proxy before PostgreSQL, and the URL that leads through it."""
    background, url = Background(), environment["DATABASE_GATEWAY_URL"]
    proxy = Proxy(socket_of(url), background)
    yield proxy, proxy.way(url)
    proxy.stop()
    background.stop()


def test_a_postgresql_that_says_nothing_is_waited_for_once(
    launch: Callable[..., Gateway], issue: Issue, way: tuple[Proxy, str]
) -> None:
    proxy, url = way
    gateway, known, unknown = launch(DATABASE_GATEWAY_URL=url), issue(), issue()
    assert call(gateway, known) == 200
    read = time.monotonic()
    proxy.fault = BLACK_HOLE
    began = time.monotonic()
    assert call(gateway, unknown) == 503
    assert time.monotonic() - began < 3
    times: dict[int, list[float]] = {200: [], 503: []}
    while time.monotonic() - read < 8:
        time.sleep(0.1)
        for key, status in ((unknown, 503), (known, 200)):
            began = time.monotonic()
            assert call(gateway, key) == status
            times[status].append(time.monotonic() - began)
    assert len(times[503]) > 20
    assert {status: max(took) for status, took in times.items() if max(took) > 0.5} == {}
    proxy.fault = FINE
    deadline = time.monotonic() + 3
    while call(gateway, unknown) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_service_that_refuses_connections(launch: Callable[..., Gateway], key: Issued) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gateway = launch(TRELLIS_WEB_UPSTREAM=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert "ratelimit" in answer.headers


@pytest.mark.parametrize("path", ["reset", "broken/20000", "headers", "garbage"])
def test_a_service_that_answers_badly(gateway: Gateway, key: Issued, path: str) -> None:
    answer = gateway.client.get(f"/shop/v1/{path}", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert call(gateway, key) == 200


def test_a_reset_request_is_sent_once_more_at_most_and_a_write_never(
    gateway: Gateway, key: Issued, policed: Policed, upstream: StandIn, service: StandIn
) -> None:
    own = bearer(key) | {"Idempotency-Key": "one"}  # Who else's services heed it nobody knows.
    with policed():
        for api, seen in (("shop", upstream), ("books", service)):
            with ThreadPoolExecutor(5) as pool:  # leaves connections open
                slow = [pool.submit(call, gateway, key, f"/{api}/v1/slow/0.5") for _ in range(5)]
                assert {one.result() for one in slow} == {200}
            for method, marker, most in (("POST", "reset-write", 1), ("GET", "reset-read", 2)):
                assert call(gateway, key, f"/{api}/v1/reset?{marker}", method) == 502
                assert 1 <= len(seen.seen(marker)) <= most
        assert gateway.client.post("/books/v1/reset?reset-keyed", headers=own).status_code == 502
        assert len(service.seen("reset-keyed")) == 1


def test_a_slow_service_is_given_up(gateway: Gateway, key: Issued) -> None:
    began = time.monotonic()
    answer = gateway.client.get("/shop/v1/slow/14", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
    assert 9.5 < time.monotonic() - began < 11.5


def test_a_long_answer_that_breaks_off_is_never_taken_for_whole(
    gateway: Gateway, key: Issued
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        gateway.client.get("/shop/v1/broken/400000", headers=bearer(key))
    assert call(gateway, key) == 200


def test_a_slow_reader_holds_the_service_back_not_the_memory(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    head = f"GET /shop/v1/huge/300000000 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key.secret}"
    with socket.create_connection(("127.0.0.1", gateway.port)) as sock:
        sock.sendall(f"{head}\r\n\r\n".encode())
        time.sleep(1.5)
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        assert 0 < upstream.sent < 50_000_000
        assert call(gateway, key) == 200
    assert gateway.memory < 200 * 1024 * 1024


def test_a_stopping_gateway_finishes_what_it_began(
    launch: Callable[..., Gateway], key: Issued
) -> None:
    gateway = launch()
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(raw, gateway.port, _slow(key), wait=5) for _ in range(8)]
        time.sleep(0.4)
        gateway.end()
        statuses = Counter(call.result().split(b" ", 2)[1] for call in calls)
    assert statuses == {b"200": 8}


def test_a_gateway_that_will_end_says_so_and_serves_until_a_balancer_has_noticed(
    launch: Callable[..., Gateway], key: Issued
) -> None:
    gateway = launch(TRELLIS_GATEWAY_DRAIN="2")
    assert "connection" not in gateway.client.get("/shop/v1/echo", headers=bearer(key)).headers
    assert gateway.process is not None
    began = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    while gateway.client.get("/readyz").status_code == 200:
        assert time.monotonic() - began < 1.5
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    gateway.process.wait(10)
    gateway.process = None
    assert time.monotonic() - began >= 2
    assert list((gateway.spool / "segments").iterdir()) == []


def _slow(key: Issued) -> bytes:
    head = "GET /shop/v1/slow/1 HTTP/1.1\r\nHost: a\r\nConnection: close"
    return f"{head}\r\nAuthorization: Bearer {key.secret}\r\n\r\n".encode()


def test_workers_that_stop_under_load_fail_nobody(
    launch: Callable[..., Gateway], key: Issued
) -> None:
    gateway, going, statuses = launch(GRANIAN_WORKERS="2"), [True], Counter[str]()

    def caller() -> None:
        with httpx.Client(base_url=gateway.url, headers=bearer(key)) as client:
            while going:
                try:
                    statuses[str(client.get("/shop/v1/slow/0.05").status_code)] += 1
                except httpx.ConnectError:
                    return  # The door is closed; nothing was promised.
                except httpx.TransportError as error:
                    statuses[type(error).__name__] += 1
                    return

    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(caller) for _ in range(8)]
        deadline = time.monotonic() + 15  # A busy machine needs more than the usual second.
        while statuses["200"] <= 50 and time.monotonic() < deadline:
            time.sleep(0.05)
        gateway.end()
        going.clear()
        for done in callers:
            done.result()
    assert statuses.keys() == {"200"}
    assert statuses["200"] > 50
    assert list((gateway.spool / "segments").iterdir()) == []
