"""Answers are kept as long as policy and service allow, and for nobody who may not have them."""

import time
from collections.abc import Callable

import pytest

from apps.core.invalidation import announce
from apps.keys.services import Issued
from gateway.cache import LARGEST, MOST, Cache, Entry, lifetime, matches
from tests.gateway.conftest import bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

PATH = "/books/v1/cached/plain"


def test_a_kept_answer_costs_the_service_nothing(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    with policed(cache={"seconds": 60}):
        first, second = (gateway.client.get(PATH, headers=bearer(key)) for _ in range(2))
    assert len(service.seen("cached")) == 1
    assert first.content == second.content
    assert first.headers["cache-status"].startswith("Trellis; fwd=miss; stored; ttl=")
    assert second.headers["cache-status"].startswith("Trellis; hit; ttl=")
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["trellis-request-id"] != second.headers["trellis-request-id"]
    assert int(second.headers["age"]) < 5
    assert "ratelimit" in second.headers


def test_whoever_has_it_already_gets_304(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    with policed(cache={"seconds": 60}):
        etag = gateway.client.get(PATH, headers=bearer(key)).headers["etag"]
        again = gateway.client.get(PATH, headers={**bearer(key), "If-None-Match": etag})
        other = gateway.client.get(PATH, headers={**bearer(key), "If-None-Match": '"else"'})
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
    assert len(service.seen("cached")) == 1


def test_callers_share_only_what_is_shared(
    gateway: Gateway,
    key: Issued,
    issue: Callable[..., Issued],
    policed: Policed,
    service: StandIn,
) -> None:
    stranger = issue()
    for shared, asked in ((False, 2), (True, 1)):
        with policed(cache={"seconds": 60, "shared": shared}):
            for one in (key, stranger, key, stranger):
                assert gateway.client.get(PATH, headers=bearer(one)).status_code == 200
        assert len(service.seen("cached")) == asked
        service.requests.clear()


def test_a_shared_answer_still_hides_fields(
    gateway: Gateway, key: Issued, issue: Callable[..., Issued], policed: Policed
) -> None:
    trusted = issue(scopes=("shop:read", "shop:write"))
    with policed(cache={"seconds": 60, "shared": True}, fields={"shop:write": ["asked"]}):
        for _ in range(2):
            assert "asked" in gateway.client.get(PATH, headers=bearer(trusted)).json()
            assert gateway.client.get(PATH, headers=bearer(key)).json() == {}


@pytest.mark.parametrize(
    "said", ["cache-control: no-store", "cache-control: max-age=0", "vary: *", "set-cookie: a=b"]
)
def test_a_service_may_forbid_it(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn, said: str
) -> None:
    with policed(cache={"seconds": 60}):
        for _ in range(2):
            gateway.client.get(f"/books/v1/cached/{said}", headers=bearer(key))
    assert len(service.seen("cached")) == 2


def test_a_caller_may_ask_for_a_fresh_one(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    with policed(cache={"seconds": 60}):
        for told in ({}, {"Cache-Control": "no-cache"}, {}):
            gateway.client.get(PATH, headers={**bearer(key), **told})
    assert len(service.seen("cached")) == 2


def test_purging_reaches_the_gateway_within_a_second(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    tagged = "/books/v1/cached/surrogate-key: shelf-7 all"
    with policed(cache={"seconds": 60, "tags": ["books"]}):
        for number, name in enumerate(("books:shelf-7", "books:books", "books"), start=1):
            gateway.client.get(tagged, headers=bearer(key))
            assert "surrogate-key" not in gateway.client.get(tagged, headers=bearer(key)).headers
            assert len(service.seen("cached")) == number
            announce([], "purge:books:other", f"purge:{name}")
            time.sleep(0.3)
        gateway.client.get(tagged, headers=bearer(key))
    assert len(service.seen("cached")) == 4


def test_another_policy_forgets_what_was_kept(
    gateway: Gateway, key: Issued, policed: Policed
) -> None:
    with policed(cache={"seconds": 60}):
        assert "asked" in gateway.client.get(PATH, headers=bearer(key)).json()
    with policed(cache={"seconds": 60}, response={"body": {"remove": ["asked"]}}):
        assert gateway.client.get(PATH, headers=bearer(key)).json() == {}


def entry(body: bytes = b"x", *, until: float = 10, names: tuple[str, ...] = ("api",)) -> Entry:
    return Entry(200, [], body, b'"e"', 0, until, frozenset(names))


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    cache, body = Cache(), b"x" * (LARGEST - 1)
    for number in range(MOST // LARGEST + 20):
        cache.find(("first",), 1)
        cache.keep(("first",) if not number else (number,), entry(body))
    assert cache.find(("first",), 1) is not None  # It was asked for all the time.
    assert cache.find((1,), 1) is None
    assert cache.size <= MOST
    assert len(cache) >= MOST // LARGEST - 1
    assert cache.purge("api") > 0
    assert (len(cache), cache.size) == (0, 0)


def test_what_is_over_or_too_large_is_not_found() -> None:
    cache = Cache()
    cache.keep(("old",), entry(until=5))
    cache.keep(("large",), entry(b"x" * (LARGEST + 1)))
    assert cache.find(("old",), 5) is None
    assert cache.find(("large",), 1) is None
    assert cache.size == 0


@pytest.mark.parametrize(
    ("said", "shared", "seconds"),
    [
        (b"max-age=5", False, 5),
        (b"max-age=500", False, 60),
        (b"max-age=5, s-maxage=7", False, 7),
        (b"private, max-age=5", True, 0),
        (b"private, max-age=5", False, 5),
        (b'no-cache="x-a"', False, 0),
        (b"public", True, 60),
    ],
)
def test_lifetimes(said: bytes, shared: bool, seconds: float) -> None:  # noqa: FBT001 - a table
    assert lifetime([(b"cache-control", said)], 60, shared=shared) == seconds


def test_entity_tags_are_compared_weakly() -> None:
    assert matches(b'W/"a"', b'"b", "a"')
    assert matches(b'"a"', b"*")
    assert not matches(b'"a"', b'"b"')
    assert not matches(b'"a"', b"")
