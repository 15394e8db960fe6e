"""What a service behind the gateway may do wrong: one caller hears of it, nobody else."""

import contextlib
import gzip
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from apps.catalog.models import Api, ApiVersion, Operation, Target, Upstream
from apps.core.invalidation import announce
from apps.keys.services import Issued
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn
from tests.gateway.wild import HEAD, Script, Wild, said

MB = 1024 * 1024
GENTLE = {"breaker": {"requests": 10_000}}  # what is tried here is not a rest
LOOKED_INTO = {"fields": {"shop:admin": ["secret"]}}


@pytest.fixture(scope="module")
def wild(world: World) -> Iterator[Wild]:
    """The service, and an API that it serves."""
    made = Wild()
    with world():
        upstream = Upstream.objects.create(slug="wild", settings=GENTLE)
        Target.objects.create(upstream=upstream, url=made.url)
        api = Api.objects.create(slug="wild", name="Wild", backend=Api.Backend.UPSTREAM)
        version = ApiVersion.objects.create(
            api=api, major=1, document={}, digest="", upstream=upstream, base="/inner"
        )
        for path, policy in (
            ("/plain", {"timeout": 3}),
            ("/looked", {"timeout": 3, **LOOKED_INTO}),
        ):
            Operation.objects.create(
                version=version, name=path, method="GET", path=path, policy=policy | {"timeout": 3}
            )
        announce([], "catalog:")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def gateway(start: Callable[..., Gateway], wild: Wild) -> Iterator[Gateway]:
    """A gateway of these tests' own, so that its memory and its log tell of them alone."""
    made = start()
    yield made
    log = made.log.read_text()
    made.close()
    assert "panicked" not in log


Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(gateway: Gateway, wild: Wild, key: Issued, upstream: StandIn) -> Iterator[Ask]:
    """Let the service say something, to whoever asks; afterwards everything is as before."""

    def one(script: Script | Iterable[bytes], path: str = "plain", **more: Any) -> httpx.Response:
        wild.targets.clear()
        told = [] if callable(script) else list(script)
        wild.script = script if callable(script) else lambda target: told
        return gateway.client.get(f"/wild/v1/{path}", headers=bearer(key), **more)

    wild.close = False
    yield one
    wild.script = lambda target: [said(b'{"fine":true}')]
    for path in ("/wild/v1/plain", "/shop/v1/echo"):
        answer = gateway.client.get(path, headers=bearer(key))
        assert answer.status_code == 200, answer.text
    assert gateway.client.get("/wild/v1/plain", headers=bearer(key)).json() == {"fine": True}


MALFORMED = {
    "two lengths": HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "a length with a sign": HEAD + b"content-length: +2\r\n\r\n{}",
    "a length below nothing": HEAD + b"content-length: -2\r\n\r\n{}",
    "a length beyond all numbers": HEAD + b"content-length: 99999999999999999999999\r\n\r\n{}",
    "a length and chunks": HEAD
    + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "no status": b"HTTP/1.1 \r\ncontent-length: 2\r\n\r\n{}",
    "a status of two digits": b"HTTP/1.1 99 X\r\ncontent-length: 2\r\n\r\n{}",
    "a status of four digits": b"HTTP/1.1 2000 X\r\ncontent-length: 2\r\n\r\n{}",
    "a status beyond all": b"HTTP/1.1 999 X\r\ncontent-length: 2\r\n\r\n{}",
    "a status of nothing": b"HTTP/1.1 000 X\r\ncontent-length: 2\r\n\r\n{}",
    "a header without a name": HEAD + b": x\r\ncontent-length: 2\r\n\r\n{}",
    "a header with a blank in its name": HEAD + b"x y: 1\r\ncontent-length: 2\r\n\r\n{}",
    "a NUL in a header": HEAD + b"x: a\x00b\r\ncontent-length: 2\r\n\r\n{}",
    "a bare CR in a header": HEAD + b"x: a\rSet-Cookie: b\r\ncontent-length: 2\r\n\r\n{}",
    "a switch of protocols": b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    "HTTP of another time": b"HTTP/3.7 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "HTTP without a head": b'{"a": 1}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_an_answer_that_is_not_http(ask: Ask, wild: Wild, name: str) -> None:
    answer = ask([MALFORMED[name]])
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert wild.targets == ["/inner/plain"]


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n",
        b"ffffffffffffffffff\r\n{}",
        b"2\r\n{}xx\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_cannot_be_told_apart(ask: Ask, chunks: bytes) -> None:
    try:
        answer = ask([HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks])
    except httpx.RemoteProtocolError:
        return  # It had begun: it breaks off here as it did there.
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


LATIN = "\u00e9".encode("latin-1")


@pytest.mark.parametrize(
    "line",
    [
        b"x-odd: " + LATIN,
        b"x-odd: \xff\x80",
        b"x-odd: \x7f",
        b"x-odd: \x01",
        b"x-odd:",
        b"x-odd: a\r\n b",
        b"x-odd: a\r\n\tset-cookie: b",
        b"x\xe9: a",
    ],
)
def test_odd_headers_are_passed_on_whole_or_not_at_all(ask: Ask, line: bytes) -> None:
    answer = ask([said(b"{}", line)])
    assert answer.status_code in {200, 502}
    assert "set-cookie" not in answer.headers
    if answer.status_code == 502:
        assert answer.json()["code"] == "upstream_failed"


def test_headers_that_are_for_the_next_hop_only_end_here(ask: Ask) -> None:
    named = [b"connection: X-Node, keep-alive", b"connection: x-rack"]
    inside = [b"x-node: 10.0.0.7", b"X-Rack: 12", b"keep-alive: timeout=5", b"upgrade: h2c"]
    answer = ask([said(b"{}", *named, *inside, b"x-told: yes")])
    assert (answer.status_code, answer.json()) == (200, {})
    assert not {"x-node", "x-rack", "keep-alive", "upgrade", "connection"} & answer.headers.keys()
    assert answer.headers["x-told"] == "yes"


@pytest.mark.parametrize("status", [599, 418, 300, 205, 204, 304])
def test_odd_statuses_are_told_as_they_are(ask: Ask, status: int) -> None:
    answer = ask([b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status])
    assert answer.status_code == status


def test_two_answers_to_one_request_are_one(ask: Ask, wild: Wild) -> None:
    second = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n"
    answer = ask([said(b'{"a":1}') + second + b'{"poisoned":true}'])
    assert answer.json() == {"a": 1}
    assert wild.targets == ["/inner/plain"]
    assert ask([said(b'{"b":2}')]).json() == {"b": 2}


@pytest.mark.parametrize(
    "rest",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"p" * 10,
        b"HTTP/1.1 200 OK\r\nx-poisoned: yes\r\ncontent-length: 17\r\n",
        b"HTTP/1.1 200 OK\r\nx-poisoned: ",
        b"HTTP/1.1 200",
        b"\r\nHTTP",
        b"garbage",
    ],
)
def test_the_beginning_of_another_answer_is_nobody_elses(ask: Ask, wild: Wild, rest: bytes) -> None:
    assert ask([said(b'{"a":1}') + rest]).json() == {"a": 1}
    answer = ask([said(b'{"b":2}')])
    assert (answer.status_code, answer.json()) == (200, {"b": 2})
    assert "x-poisoned" not in answer.headers


def test_words_before_an_answer_are_left_out(ask: Ask) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nset-cookie: a=b\r\n\r\n"
    answer = ask([hint * 3 + said(b"{}")])
    assert answer.status_code == 200
    assert not {"link", "set-cookie"} & answer.headers.keys()


def test_a_length_before_an_answer_is_not_the_answers(ask: Ask) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\ncontent-length: 0\r\n\r\n"
    chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    answer = ask([hint + chunked])
    assert (answer.status_code, answer.json()) == (200, {})


def endless(piece: bytes, first: bytes = b"") -> Script:
    return lambda target: itertools.chain([first], itertools.repeat(piece))


ENDLESS = {
    "a header": endless(b"x" * 65_536, HEAD + b"x-long: "),
    "headers": endless(b"x-many: 1\r\n" * 5000, HEAD),
    "a header's name": endless(b"x" * 65_536, HEAD),
    "words before the answer": endless(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000),
    "a reason": endless(b"x" * 65_536, b"HTTP/1.1 200 "),
    "blank lines": endless(b"\r\n" * 30_000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_head_without_an_end_is_given_up_early(
    ask: Ask, wild: Wild, gateway: Gateway, name: str
) -> None:
    before, wild.sent, began = gateway.memory, 0, time.monotonic()
    answer = ask(ENDLESS[name])
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert time.monotonic() - began < 2
    assert wild.sent < 16 * MB
    assert gateway.memory - before < 16 * MB


def test_a_chunk_extension_or_trailer_without_an_end(
    ask: Ask, wild: Wild, gateway: Gateway
) -> None:
    before = gateway.memory
    for first in (b"2;", b"2\r\n{}\r\n0\r\nx-trailer: "):
        script = endless(b"x" * 65_536, HEAD + b"transfer-encoding: chunked\r\n\r\n" + first)
        with contextlib.suppress(httpx.RemoteProtocolError):  # It may have begun.
            assert ask(script).status_code == 502
    assert gateway.memory - before < 32 * MB


def test_trailers_are_left_out(ask: Ask) -> None:
    end = b"0\r\nx-trailer: a\r\netag: b\r\ntrellis-request-id: forged\r\n\r\n"
    answer = ask([HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n" + end])
    assert answer.json() == {}
    assert not {"x-trailer", "etag"} & answer.headers.keys()
    assert answer.headers["trellis-request-id"].startswith("req_")


def test_a_body_without_an_end_that_is_looked_into(ask: Ask, wild: Wild, gateway: Gateway) -> None:
    before = gateway.memory
    first = HEAD + b'transfer-encoding: chunked\r\n\r\n1\r\n"\r\n'
    answer = ask(endless(b"10000\r\n" + b"x" * 65_536 + b"\r\n", first), "looked")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert gateway.memory - before < 48 * MB


@pytest.mark.parametrize("coding", [b"gzip", b"deflate, gzip", b"br"])
def test_a_bomb_that_would_have_to_be_looked_into(
    ask: Ask, gateway: Gateway, coding: bytes
) -> None:
    before = gateway.memory
    bomb = gzip.compress(b"[" + b"0," * (32 * MB) + b"0]", compresslevel=1)
    answer = ask([said(bomb, b"content-encoding: " + coding)], "looked")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert gateway.memory - before < 16 * MB


def test_json_nested_beyond_reason_that_is_looked_into(ask: Ask) -> None:
    answer = ask([said(b"[" * 100_000 + b"]" * 100_000)], "looked")
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


def test_a_page_that_says_it_is_json(ask: Ask) -> None:
    page = b"<script>alert(1)</script>"
    answer = ask([said(page, b"set-cookie: session=stolen; Path=/")])
    assert (answer.content, answer.headers["content-type"]) == (page, "application/json")
    assert "set-cookie" not in answer.headers
    assert ask([said(page)], "looked").json()["code"] == "upstream_failed"


@pytest.mark.parametrize("length", [3, 100_000, 10_000_000])
def test_less_than_was_announced_is_never_the_whole(ask: Ask, wild: Wild, length: int) -> None:
    wild.close = True
    script = [HEAD + b"content-length: %d\r\n\r\n" % length + b"{}"]
    try:
        answer = ask(script)
    except httpx.RemoteProtocolError:
        assert length > 65_536  # It was passed on as it came, and breaks off as it did.
    else:
        assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")


def test_a_redirect_inside_is_neither_followed_nor_told(
    ask: Ask, wild: Wild, upstream: StandIn
) -> None:
    before = len(upstream.requests)
    for inside in (f"{upstream.url}/shop/v1/echo", "http://169.254.169.254/", f"{wild.url}/admin"):
        line = f"location: {inside}".encode()
        answer = ask([b"HTTP/1.1 307 X\r\ncontent-length: 0\r\n%b\r\n\r\n" % line])
        assert (answer.status_code, "location" in answer.headers) == (307, False)
    assert len(upstream.requests) == before
    assert wild.targets == ["/inner/plain"]


def test_a_service_that_leads_to_itself_leads_to_the_gateway(ask: Ask, wild: Wild) -> None:
    place = f"{wild.url}/inner/plain?again=1"
    lines = f"location: {place}\r\nlink: <{place}>; rel=next".encode()
    answer = ask([b"HTTP/1.1 303 X\r\ncontent-length: 0\r\n%b\r\n\r\n" % lines])
    assert answer.headers["location"] == "/wild/v1/plain?again=1"
    assert answer.headers["link"] == "</wild/v1/plain?again=1>; rel=next"
    assert str(wild.port) not in str(answer.headers)


def test_others_are_not_slowed_by_a_service_that_drips(
    ask: Ask, gateway: Gateway, key: Issued, wild: Wild
) -> None:
    def dripping(target: str) -> Iterator[bytes]:
        yield HEAD + b"content-length: 100000\r\n\r\n"
        for _ in range(40):
            time.sleep(0.1)
            yield b"x"

    wild.script = dripping
    head = f"GET /wild/v1/plain HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key.secret}\r\n\r\n"
    with ThreadPoolExecutor(40) as crowd:
        began = time.monotonic()
        dripped = [crowd.submit(raw, gateway.port, head.encode(), wait=8) for _ in range(40)]
        time.sleep(0.3)
        took = []
        while time.monotonic() - began < 2:
            asked = time.monotonic()
            assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
            took.append(time.monotonic() - asked)
        ends = [one.result() for one in dripped]
    assert sorted(took)[len(took) // 2] < 0.05
    assert all(len(end) < 1000 for end in ends)
