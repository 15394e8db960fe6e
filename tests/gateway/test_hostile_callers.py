"""What strangers and callers may send on raw sockets: one request or none arrives; all go on."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.core import ids
from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn

KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
SOCKET = UPGRADE + KEY + VERSION


@pytest.fixture(scope="module")
def gateway(start: Callable[..., Gateway]) -> Iterator[Gateway]:
    """A gateway of these tests' own, which is alive and has not panicked after each of them."""
    made = start()
    yield made
    log = made.log.read_text()
    made.close()
    for word in ("panicked", "Traceback", "ERROR"):
        assert word not in log


@pytest.fixture(autouse=True)
def alive(gateway: Gateway, key: Issued) -> Iterator[None]:
    yield
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200


def request(line: str, key: Issued, *lines: bytes, host: bytes = b"Host: a\r\n") -> bytes:
    credential = f"Authorization: Bearer {key.secret}\r\n".encode()
    return line.encode("latin-1") + b"\r\n" + host + credential + b"".join(lines) + b"\r\n"


SMUGGLED = b"GET /shop/v1/echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
FRAMED = {
    "a sign": [b"Content-Length: +3\r\n"],
    "a list of lengths": [b"Content-Length: 3, 3\r\n"],
    "two lengths that agree": [b"Content-Length: 3\r\n", b"Content-Length: 3\r\n"],
    "a length in hexadecimal": [b"Content-Length: 0x3\r\n"],
    "a length of no number": [b"Content-Length: \xff\r\n"],
    "a length and a blank": [b"Content-Length : 3\r\n"],
    "a length with an underscore": [b"Content_Length: 3\r\n"],
    "another coding": [b"Transfer-Encoding: xchunked\r\n"],
    "no coding": [b"Transfer-Encoding: identity\r\n"],
    "chunked, then not": [b"Transfer-Encoding: chunked, identity\r\n"],
    "chunked twice": [b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n"],
    "a vertical tab": [b"Transfer-Encoding: \x0bchunked\r\n"],
    "a blank before the colon": [b"Transfer-Encoding : chunked\r\n"],
    "a folded line": [b"Transfer-Encoding:\r\n chunked\r\n"],
    "an underscore": [b"Transfer_Encoding: chunked\r\n"],
    "quotes": [b'Transfer-Encoding: "chunked"\r\n'],
    "a bare CR": [b"X: a\rTransfer-Encoding: chunked\r\n"],
    "a bare LF": [b"X: a\nTransfer-Encoding: chunked\r\n"],
    "both": [b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"],
    "both, a tab": [b"Content-Length: 3\r\n", b"Transfer-Encoding:\tchunked\r\n"],
    "both, upper case": [b"Content-Length: 3\r\n", b"TRANSFER-ENCODING: Chunked\r\n"],
    "coded, then chunked": [b"Transfer-Encoding: gzip, chunked\r\n"],
}


@pytest.mark.parametrize("name", FRAMED)
def test_a_body_framed_in_two_ways(
    gateway: Gateway, key: Issued, upstream: StandIn, name: str
) -> None:
    marker = ids.new("req")
    data = request(f"POST /shop/v1/echo?{marker} HTTP/1.1", key, *FRAMED[name])
    answer = raw(gateway.port, data + b"0\r\n\r\n" + SMUGGLED, wait=1)
    assert len(upstream.seen(marker)) <= 1
    assert upstream.seen("smuggled") == []
    assert answer.startswith(b"HTTP/1.1 ")


CHUNKS = {
    "an extension": (b"3;a=b\r\nabc\r\n0\r\n\r\n", True),
    "an extension with a quote": (b'3;a="\r\nabc\r\n0\r\n\r\n', None),
    "zeros before": (b"0000000003\r\nabc\r\n0\r\n\r\n", None),
    "a size with a prefix": (b"0x3\r\nabc\r\n0\r\n\r\n", False),
    "a size with an underscore": (b"1_0\r\nabc\r\n0\r\n\r\n", False),
    "a line feed alone": (b"3\nabc\n0\n\n", None),
    "trailers": (b"3\r\nabc\r\n0\r\nAuthorization: x\r\nTrellis-Caller: x\r\n\r\n", None),
}


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks_of_odd_shapes_are_one_body_or_none(
    gateway: Gateway, key: Issued, upstream: StandIn, name: str
) -> None:
    chunks, passes = CHUNKS[name]
    marker = ids.new("req")
    data = request(f"POST /shop/v1/echo?{marker} HTTP/1.1", key, b"Transfer-Encoding: chunked\r\n")
    raw(gateway.port, data + chunks + SMUGGLED, wait=1)
    seen = upstream.seen(marker)
    assert [one["length"] for one in seen] in ([], [3])
    if passes is not None:
        assert bool(seen) is passes
    assert upstream.seen("smuggled") == []
    assert not any("x" in pair for one in seen for pair in one["headers"])


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"Host: a@evil.example\r\n",
        b"Host: evil.example:99999\r\n",
        b"Host: \xff\r\n",
        b"Host:\r\n",
        b"Host: a, b\r\n",
        b"Host: /etc\r\n",
    ],
)
def test_no_host_changes_where_a_request_goes(
    gateway: Gateway, key: Issued, upstream: StandIn, host: bytes
) -> None:
    marker = ids.new("req")
    raw(gateway.port, request(f"GET /shop/v1/echo?{marker} HTTP/1.1", key, host=host), wait=1)
    hosts = [dict(one["headers"])["host"] for one in upstream.seen(marker)]
    assert hosts in ([], [f"127.0.0.1:{upstream.port}"])


@pytest.mark.parametrize(
    "line",
    [
        "GET * HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET ?x HTTP/1.1",
        "GET http://a HTTP/1.1",
        "GET /shop/v1/\xff HTTP/1.1",
        "GET /shop/v1/echo?\xff HTTP/1.1",
        "GET /shop/v1/%c0%ae%c0%ae/echo HTTP/1.1",
        "GET /shop/v1/%e0%80%af HTTP/1.1",
        "G{}T /shop/v1/echo HTTP/1.1",
        f"{'A' * 5000} /shop/v1/echo HTTP/1.1",
        "GET /shop/v1/echo HTTP/9.9",
        "GET  /shop/v1/echo HTTP/1.1",
        "GET /shop/v1/echo",
        "PRI * HTTP/2.0",
        f"GET /shop/v1/echo?{'a' * 100_000} HTTP/1.1",
    ],
)
def test_an_odd_first_line_reaches_nobody(
    gateway: Gateway, key: Issued, upstream: StandIn, line: str
) -> None:
    before = len(upstream.requests)
    raw(gateway.port, request(line, key), wait=1)
    assert len(upstream.requests) == before


def test_connection_does_not_take_away_what_the_gateway_says(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    marker = ids.new("req")
    names = b"authorization, trellis-caller, host, content-length, x-forwarded-for, traceparent"
    data = request(
        f"GET /shop/v1/echo?{marker} HTTP/1.1", key, b"Connection: close, %b\r\n" % names
    )
    assert raw(gateway.port, data, wait=1).startswith(b"HTTP/1.1 200 ")
    [seen] = upstream.seen(marker)
    told = dict(seen["headers"])
    assert told["trellis-caller"]
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert "traceparent" in told


def test_a_head_that_is_too_large_is_refused(gateway: Gateway, key: Issued) -> None:
    for size in (20_000, 600_000):
        with contextlib.suppress(ConnectionError):
            data = request("GET /shop/v1/echo HTTP/1.1", key, b"X: " + b"a" * size + b"\r\n")
            answer = raw(gateway.port, data, wait=1)
            assert answer[:12] in {b"HTTP/1.1 431", b""}


HANDSHAKES = {
    "no key": UPGRADE + VERSION,
    "an empty key": UPGRADE + b"Sec-WebSocket-Key:\r\n" + VERSION,
    "a key of no text": UPGRADE + b"Sec-WebSocket-Key: \xff\xfe\r\n" + VERSION,
    "two keys": SOCKET + KEY,
    "no version": UPGRADE + KEY,
    "another version": UPGRADE + KEY + b"Sec-WebSocket-Version: 99\r\n",
    "two versions": SOCKET + VERSION,
    "two lists of protocols": SOCKET + b"Sec-WebSocket-Protocol: a\r\n" * 2,
    "protocols of no text": SOCKET + b"Sec-WebSocket-Protocol: \xff\r\n",
    "no protocols": SOCKET + b"Sec-WebSocket-Protocol: ,,\r\n",
    "odd extensions": SOCKET + b"Sec-WebSocket-Extensions: permessage-deflate; \xff\r\n",
    "a body": SOCKET + b"Content-Length: 3\r\n",
    "chunks": SOCKET + b"Transfer-Encoding: chunked\r\n",
    "HTTP/2": b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\n",
    "two credentials": SOCKET + b"Authorization: Bearer x\r\n",
    "many headers that stand twice": SOCKET + b"X: a\r\nX: b\r\nOrigin: a\r\nOrigin: b\r\n",
}


@pytest.mark.parametrize("line", ["GET /shop/v1/echo HTTP/1.1", "POST /shop/v1/echo HTTP/1.1"])
@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_handshake_of_an_odd_shape_ends_nothing(
    gateway: Gateway, key: Issued, upstream: StandIn, name: str, line: str
) -> None:
    for data in (
        request(line, key, HANDSHAKES[name]),
        line.encode() + b"\r\nHost: a\r\n" + HANDSHAKES[name] + b"\r\n",
    ):
        answer = raw(gateway.port, data + b"abc", wait=0.5)
        assert b" 101 " not in answer[:15]


def test_a_key_is_not_held_up_by_heads_that_never_end(gateway: Gateway, key: Issued) -> None:
    with contextlib.ExitStack() as open_ones:
        for _ in range(300):
            slow = socket.create_connection(("127.0.0.1", gateway.port), timeout=5)
            open_ones.enter_context(slow)
            slow.sendall(b"GET /shop/v1/echo HTTP/1.1\r\nHost: a\r\nX: ")
        began = time.monotonic()
        for _ in range(20):
            assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
        assert time.monotonic() - began < 5


def test_slow_heads_and_bodies_come_to_an_end(gateway: Gateway, key: Issued) -> None:
    length = b"Content-Length: 5000\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    slow = {
        "head": b"GET /shop/v1/echo HTTP/1.1\r\nHost: a\r\n",
        "body": request("POST /shop/v1/echo HTTP/1.1", key, length),
        "chunks": request("POST /shop/v1/echo HTTP/1.1", key, chunked) + b"1\r\na\r\n",
        "long": request("POST /shop/v1/echo HTTP/1.1", key, b"Content-Length: 500000\r\n"),
        "idle": b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        "silent": b"",
        "another HTTP": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    }

    def drip(name: str) -> tuple[float, bytes]:
        began, answer = time.monotonic(), b""
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=0.5) as one:
            one.sendall(slow[name])
            while time.monotonic() - began < 45:
                try:
                    if not (piece := one.recv(65_536)):
                        break
                    answer += piece
                except TimeoutError:
                    pass
                except ConnectionError:
                    break
                if name not in {"idle", "silent", "another HTTP"}:
                    with contextlib.suppress(OSError):
                        one.sendall({"head": b"X: a\r\n", "chunks": b"1\r\na\r\n"}.get(name, b"a"))
        return time.monotonic() - began, answer

    with ThreadPoolExecutor(len(slow)) as crowd:
        ends = dict(zip(slow, crowd.map(drip, slow), strict=True))
    assert {name: took for name, (took, _) in ends.items() if took > 40} == {}
    for name in ("body", "chunks", "long"):
        took, answer = ends[name]
        assert answer.startswith(b"HTTP/1.1 408 "), (name, took, answer[:200])
        assert b'"code":"body_slow"' in answer
        assert 14 < took < 25
