"""Requests that could be read in two ways, or are too large: refused before anybody reads them."""

import pytest

from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn

MB = 1024 * 1024


def ask(gateway: Gateway, key: Issued, line: str, *more: str, body: bytes = b"") -> bytes:
    """Send a request as raw bytes and return the raw answer."""
    headers = ["Host: api", f"Authorization: Bearer {key.secret}", "Connection: close", *more]
    head = "\r\n".join([f"{line} HTTP/1.1", *headers]) + "\r\n\r\n"
    return raw(gateway.port, head.encode("latin-1") + body)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "path",
    [
        "/shop/v1/../v1/echo",
        "/shop/v1/./echo",
        "/shop/v1/echo/..",
        "/shop//v1/echo",
        "//shop/v1/echo",
        "/shop/v1/%2e%2e/echo",
        "/shop/v1/%2E/echo",
        "/shop/v1/orders/a%2Fb",
        "/shop/v1/orders/a%5cb",
        "/shop/v1/orders/a\\b",
        "/shop/v1/orders/%252e",
        "/shop/v1/orders/%00",
        "/shop/v1/orders/%0d%0aX: y",
        "/shop/v1/orders/%7f",
        "/shop/v1/orders/%zz",
        "/shop/v1/orders/%",
        "/shop/v1/orders/%ff",
    ],
)
def test_a_path_that_can_be_read_in_two_ways(
    gateway: Gateway, key: Issued, upstream: StandIn, path: str
) -> None:
    before = len(upstream.requests)
    answer = ask(gateway, key, f"GET {path.replace(' ', '%20')}")
    assert status(answer) == 400
    assert b'"code":"path_invalid"' in answer
    assert len(upstream.requests) == before


def test_an_encoded_segment_that_is_plain_enough_passes(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    assert status(ask(gateway, key, "GET /shop/v1/orders/%C3%A9%20x")) == 200
    assert upstream.requests[-1]["target"] == "/shop/v1/orders/%C3%A9%20x"


@pytest.mark.parametrize(
    "query",
    [
        "api_key=x",
        "a=1&access_token=abc",
        "apikey=x",
        "key=trl_test_k" + "a" * 38,
        "anything=trl_live_r" + "0" * 38,
    ],
)
def test_a_credential_in_the_url(gateway: Gateway, query: str, upstream: StandIn) -> None:
    answer = gateway.client.get(f"/shop/v1/echo?{query}")
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_in_url")
    assert upstream.seen(query) == []


@pytest.mark.parametrize("method", ["TRACE", "FOO", "PROPFIND"])
def test_methods_that_nobody_needs(gateway: Gateway, key: Issued, method: str) -> None:
    answer = ask(gateway, key, f"{method} /shop/v1/echo")
    assert status(answer) == 405
    assert b"allow: GET, HEAD, POST" in answer


def test_connect_reaches_nobody(gateway: Gateway, key: Issued, upstream: StandIn) -> None:
    before = len(upstream.requests)
    answer = ask(gateway, key, "CONNECT evil.example:443")
    assert answer == b"" or status(answer) >= 400
    assert len(upstream.requests) == before


def test_an_absolute_target_and_a_foreign_host_change_nothing(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    assert status(ask(gateway, key, "GET http://evil.example/shop/v1/echo?absolute")) == 200
    [seen] = upstream.seen("?absolute")
    assert seen["target"] == "/shop/v1/echo?absolute"
    assert dict(seen["headers"])["host"] == f"127.0.0.1:{upstream.port}"


@pytest.mark.parametrize(
    "header", ["Authorization: Bearer x", "Host: b", "Idempotency-Key: a\r\nIdempotency-Key: b"]
)
def test_a_header_that_stands_twice(gateway: Gateway, key: Issued, header: str) -> None:
    answer = ask(gateway, key, "GET /shop/v1/echo", header)
    assert status(answer) == 400
    assert b'"code":"header_repeated"' in answer


def test_two_lengths_reach_nobody(gateway: Gateway, key: Issued, upstream: StandIn) -> None:
    before = len(upstream.requests)
    lengths = ("Content-Length: 5", "Content-Length: 6")
    assert status(ask(gateway, key, "POST /shop/v1/echo", *lengths, body=b"abcdef")) == 400
    assert len(upstream.requests) == before


def test_chunks_and_a_length_make_one_request(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    smuggled = b"GET /shop/v1/echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    both = ("Content-Length: 5", "Transfer-Encoding: chunked")
    ask(gateway, key, "POST /shop/v1/echo?outer", *both, body=b"0\r\n\r\n" + smuggled)
    assert upstream.seen("?smuggled") == []
    assert [seen["length"] for seen in upstream.seen("?outer")] in ([], [0])


def test_too_many_headers(gateway: Gateway, key: Issued) -> None:
    for headers in ([f"X-{n}: y" for n in range(90)], ["X: " + "y" * 20_000]):
        answer = ask(gateway, key, "GET /shop/v1/echo", *headers)
        assert status(answer) == 431
        assert b'"code":"headers_too_large"' in answer


def test_a_body_that_says_it_is_too_large(gateway: Gateway, key: Issued, upstream: StandIn) -> None:
    answer = ask(gateway, key, "POST /shop/v1/echo?large", f"Content-Length: {MB + 1}")
    assert status(answer) == 413
    assert b'"code":"body_too_large"' in answer
    assert upstream.seen("?large") == []


def test_a_chunked_body_that_grows_too_large(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    pieces = iter([b"x" * 65_536] * 17)
    answer = gateway.client.post("/shop/v1/echo?grown", content=pieces, headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert upstream.seen("?grown") == []


def test_a_body_that_breaks_off_reaches_nobody_whole(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    for length in (50, 500_000):
        head = (
            f"POST /shop/v1/echo?torn{length}end HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {key.secret}\r\nContent-Length: {length}\r\n\r\nabc"
        )
        raw(gateway.port, head.encode(), wait=1, close=True)
    assert upstream.seen("?torn50end") == []
    assert [seen["whole"] for seen in upstream.seen("?torn500000end")] in ([], [False])
