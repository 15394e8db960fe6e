"""A body that breaks off or cannot be understood: refused in words, recorded, and no surprise."""

import json
import socket
import struct
import time
from collections.abc import Callable

import pytest

from apps.core import ids
from apps.keys.services import Issued
from box.valkey import Valkey
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn
from tests.gateway.test_usage_records import shipped, valkey

__all__ = ["valkey"]

CHUNKED = "Transfer-Encoding: chunked"
LONG = 500_000  # bytes; so many are passed on while they come


def head(key: Issued, length: str, marker: str) -> bytes:
    lines = [f"POST /shop/v1/echo?{marker} HTTP/1.1", "Host: a", length]
    return "\r\n".join([*lines, f"Authorization: Bearer {key.secret}", "", ""]).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"3\r\nabc\r\nzz\r\n",
        b"ffffffffffffffffff\r\nabc",
        b"-1\r\n\r\n",
    ],
)
def test_chunks_that_cannot_be_told_apart(
    gateway: Gateway, key: Issued, upstream: StandIn, body: bytes
) -> None:
    marker = ids.new("req")
    answer = raw(gateway.port, head(key, CHUNKED, marker) + body)
    said, _, document = answer.partition(b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in said
    assert b"ratelimit:" in said
    problem = json.loads(document)
    assert (problem["status"], problem["code"]) == (400, "body_incomplete")
    assert f"trellis-request-id: {problem['request_id']}".encode() in said
    assert upstream.seen(marker) == []


@pytest.mark.parametrize("length", [CHUNKED, "Content-Length: 50", f"Content-Length: {LONG}"])
def test_a_caller_who_ends_too_early_and_still_listens(
    gateway: Gateway, key: Issued, upstream: StandIn, length: str
) -> None:
    marker = ids.new("req")
    answer = raw(gateway.port, head(key, length, marker) + b"3\r\nabc\r\n", close=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"body_incomplete"' in answer
    assert [seen["whole"] for seen in upstream.seen(marker)] in ([], [False])


def test_each_has_its_record_and_none_is_an_error_of_ours(
    launch: Callable[..., Gateway], environment: dict[str, str], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    raw(gateway.port, head(key, CHUNKED, "a") + b"3\r\nabc\r\nzz\r\n")
    for length in (CHUNKED, f"Content-Length: {LONG}"):
        with socket.create_connection(("127.0.0.1", gateway.port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.sendall(head(key, length, "b") + b"3\r\nabc\r\n")
            time.sleep(0.2)  # then it ends with a reset
    rows = shipped(environment, valkey.url(), 3)
    assert [(row["status"], row["code"]) for row in rows] == [(400, "body_incomplete")] * 3
    assert {ids.encode("key", row["key_id"]) for row in rows} == {key.key.pk}
    assert [row["bytes_in"] for row in rows] == [3, 3, 8]
    log = gateway.log.read_text()
    assert "Traceback" not in log
    assert "ERROR" not in log
    assert "WARN" not in log
