"""The portal's pages: they may read the API's answers, and listen to an application's requests."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import redis

from apps.core import tickets
from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway

PORTAL = {"Origin": "http://portal.test"}


def ticket(application: str, *, late: float = 0) -> dict[str, str]:
    root = bytes.fromhex(os.environ["TRELLIS_CALLER_KEY"])
    text = tickets.issue(application, root=root, now=time.time() - late)
    return PORTAL | {"Authorization": f"Bearer {text}"}


def test_a_browser_may_ask_before_it_calls(gateway: Gateway) -> None:
    asked = PORTAL | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key",
    }
    answer = gateway.client.options("/shop/v1/echo", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "http://portal.test"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


def test_answers_and_refusals_are_readable_for_the_portal_only(
    gateway: Gateway, key: Issued
) -> None:
    for headers, status in ((bearer(key), 200), ({}, 401)):
        answer = gateway.client.get("/shop/v1/echo", headers=PORTAL | headers)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "http://portal.test"
        assert "Trellis-Request-Id" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Origin"
        stranger = {"Origin": "http://evil.test"} | headers
        answer = gateway.client.get("/shop/v1/echo", headers=stranger)
        assert "access-control-allow-origin" not in answer.headers
    asked = {"Origin": "http://evil.test", "Access-Control-Request-Method": "GET"}
    answer = gateway.client.options("/shop/v1/echo", headers=asked)
    assert "access-control-allow-origin" not in answer.headers


@contextmanager
def listening(gateway: Gateway, application: str) -> Iterator[Iterator[str]]:
    """Open the stream and wait until it says that it listens."""
    with (
        httpx.Client(timeout=10) as client,
        client.stream(
            "GET", f"{gateway.url}/stream/requests", headers=ticket(application)
        ) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["access-control-allow-origin"] == "http://portal.test"
        lines = answer.iter_lines()
        assert next(lines) == ": listening"
        yield lines


def event(lines: Iterator[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        next(line for line in lines if line.startswith("data: "))[6:]
    )
    return found


def test_a_page_hears_of_requests_at_any_gateway(
    gateway: Gateway, twin: Gateway, issue: Callable[..., Issued]
) -> None:
    mine, other = issue(), issue()
    application = mine.key.application_id
    with listening(gateway, application) as lines:
        time.sleep(0.3)
        for one, target in ((gateway, "/shop/v1/echo?secret=1"), (twin, "/shop/v1/guarded")):
            one.client.get("/shop/v1/echo", headers=bearer(other))
            answer = one.client.get(target, headers=bearer(mine))
            told = event(lines)
            assert told["id"] == answer.headers["trellis-request-id"]
            assert told["status"] == answer.status_code
            assert told["path"] == target.partition("?")[0]
            assert told["key"] == mine.key.pk
            assert told["livemode"] is False
        assert told["code"] == "scope_missing"


def test_nothing_is_published_while_nobody_listens(
    gateway: Gateway, key: Issued, store: redis.Redis
) -> None:
    listener = store.pubsub()  # type: ignore[no-untyped-call]  # redis-py has no type for it
    listener.psubscribe("trl:live:*")
    listener.get_message(timeout=1)
    gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert listener.get_message(timeout=0.3) is None
    listener.close()


def test_a_stream_needs_a_good_ticket(gateway: Gateway, key: Issued) -> None:
    application = key.key.application_id
    forged = ticket(application)
    forged["Authorization"] = forged["Authorization"][:-1] + "x"
    for headers in (forged, ticket(application, late=120), bearer(key), {}):
        answer = gateway.client.get("/stream/requests", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "ticket_invalid")


def test_a_page_that_goes_away_is_forgotten(
    gateway: Gateway, key: Issued, store: redis.Redis
) -> None:
    channel = f"trl:live:{key.key.application_id}"
    with listening(gateway, key.key.application_id):
        assert 60 < store.ttl(f"trl:listen:{key.key.application_id}") <= 70
        assert store.pubsub_numsub(channel) == [(channel.encode(), 1)]
    deadline = time.monotonic() + 3
    while store.pubsub_numsub(channel) != [(channel.encode(), 0)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_open_stream_does_not_keep_a_gateway_from_stopping(
    launch: Callable[..., Gateway], key: Issued
) -> None:
    gateway = launch()
    with listening(gateway, key.key.application_id):
        began = time.monotonic()
        gateway.end()
        assert time.monotonic() - began < 3


def test_one_application_cannot_take_every_stream(gateway: Gateway, key: Issued) -> None:
    with ExitStack() as open_pages:
        for _ in range(20):
            open_pages.enter_context(listening(gateway, key.key.application_id))
        answer = gateway.client.get("/stream/requests", headers=ticket(key.key.application_id))
        assert (answer.status_code, answer.json()["code"]) == (503, "streams_exhausted")
    with listening(gateway, key.key.application_id):
        pass  # Pages that went away make room.
