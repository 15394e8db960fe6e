"""Each fault of the proxy, seen on a real socket."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.proxy import (
    BLACK_HOLE,
    FINE,
    REFUSING,
    Background,
    Proxy,
    delayed,
    half_closed,
    reset,
    throttled,
)

ANSWER = b"x" * 1000


class Service:
    """It answers each line with a thousand bytes, and notes what it heard and how that ended."""

    def __init__(self, server: socket.socket) -> None:
        self.heard: list[bytes] = []
        self.server = server
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _ = self.server.accept()
                threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        with one, contextlib.suppress(OSError):
            while said := one.recv(1000):
                self.heard.append(said)
                one.sendall(ANSWER)
            self.heard.append(b"the end")


@pytest.fixture
def service() -> Iterator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Service(server)


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.stop()


@pytest.fixture
def proxy(service: Service, background: Background) -> Iterator[Proxy]:
    made = Proxy(service.server.getsockname()[1], background)
    yield made
    made.stop()


@pytest.fixture
def one(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=3) as made:
        assert ask(made) == ANSWER
        yield made


def ask(one: socket.socket, length: int = len(ANSWER)) -> bytes:
    one.sendall(b"?")
    return hear(one, length)


def hear(one: socket.socket, length: int = len(ANSWER)) -> bytes:
    told = b""
    while len(told) < length and (piece := one.recv(length - len(told))):
        told += piece
    return told


def took(one: socket.socket) -> float:
    began = time.monotonic()
    assert ask(one) == ANSWER
    return time.monotonic() - began


def test_what_is_delayed_comes_later_each_way(proxy: Proxy, one: socket.socket) -> None:
    proxy.fault = delayed(0.1)
    assert 0.2 <= took(one) < 1.5
    proxy.fault = FINE
    assert took(one) < 0.15


def test_what_falls_into_a_black_hole_comes_when_it_is_over(
    proxy: Proxy, one: socket.socket, service: Service
) -> None:
    proxy.fault = BLACK_HOLE
    service.heard.clear()
    one.settimeout(0.2)
    with pytest.raises(TimeoutError):
        ask(one)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.2) as late:
        with pytest.raises(TimeoutError):
            ask(late)
        assert service.heard == []
        proxy.fault = FINE
        late.settimeout(3)
        assert hear(late) == ANSWER
    one.settimeout(3)
    assert hear(one) == ANSWER


def test_open_connections_are_reset_and_new_ones_too(proxy: Proxy, one: socket.socket) -> None:
    proxy.fault = reset()
    with pytest.raises(ConnectionResetError):
        one.recv(1)
    with pytest.raises(ConnectionError):
        meet(proxy)
    proxy.fault = FINE
    meet(proxy)


def meet(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=3) as late:
        assert ask(late) == ANSWER


@pytest.mark.parametrize("after", [0, 300])
def test_a_reset_comes_before_an_answer_or_in_the_middle_of_it(
    proxy: Proxy, one: socket.socket, service: Service, after: int
) -> None:
    proxy.fault = reset(after=after)
    service.heard.clear()
    with pytest.raises(ConnectionResetError):
        ask(one, after + 1)
    assert service.heard[0] == b"?"


def test_who_is_half_closed_says_no_more_and_still_listens(
    proxy: Proxy, one: socket.socket, service: Service
) -> None:
    proxy.fault = half_closed(after=300)
    assert ask(one) == ANSWER[:300]
    assert one.recv(1) == b""
    service.heard.clear()
    one.sendall(b"more")
    time.sleep(0.1)
    assert service.heard == [b"more"]


def test_what_is_throttled_comes_in_portions(proxy: Proxy, one: socket.socket) -> None:
    proxy.fault = throttled(2000)
    began = time.monotonic()
    assert ask(one, 100) == ANSWER[:100]
    first = time.monotonic() - began
    hear(one, 900)
    assert first < time.monotonic() - began
    assert 0.45 <= time.monotonic() - began < 2


def test_nobody_listens_while_it_refuses_and_what_is_open_stays(
    proxy: Proxy, one: socket.socket
) -> None:
    proxy.fault = REFUSING
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), timeout=3)
    assert ask(one) == ANSWER
    proxy.fault = FINE
    meet(proxy)


def test_without_a_fault_ends_are_told_each_way(
    proxy: Proxy, one: socket.socket, service: Service
) -> None:
    one.shutdown(socket.SHUT_WR)
    assert one.recv(1) == b""
    assert service.heard[-1] == b"the end"
    assert proxy.connections == 1


def test_behind_it_may_be_a_socket_in_a_folder(tmp_path: Path, background: Background) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "it"))
        server.listen()
        Service(server)
        proxy = Proxy(str(tmp_path / "it"), background)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=3) as one:
            assert ask(one) == ANSWER
            proxy.fault = reset()
            with pytest.raises(ConnectionResetError):
                one.recv(1)
        proxy.stop()
