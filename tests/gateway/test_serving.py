"""A keyed request passes through the gateway to its backend, and the answer back."""

import json
import os
from typing import Any

import pytest

from apps.core import caller as callers
from apps.core import ids
from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn


def echoed(gateway: Gateway, key: Issued, **options: Any) -> dict[str, Any]:
    method, target = options.pop("method", "GET"), options.pop("target", "/shop/v1/echo")
    headers = bearer(key) | options.pop("headers", {})
    answer = gateway.client.request(method, target, headers=headers, **options)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    seen["headers"] = dict(seen["headers"])
    return seen


def test_a_request_reaches_its_backend_at_the_same_path(gateway: Gateway, key: Issued) -> None:
    seen = echoed(gateway, key, target="/shop/v1/echo?limit=3&after=%20x")
    assert seen["method"] == "GET"
    assert seen["target"] == "/shop/v1/echo?limit=3&after=%20x"


def test_the_backend_is_told_who_calls_under_a_signature(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    headers = dict(answer.json()["headers"])
    caller = callers.verify(
        headers["trellis-caller"],
        audience="shop",
        method="GET",
        path="/shop/v1/echo",
        key=callers.key_for("shop", bytes.fromhex(os.environ["TRELLIS_CALLER_KEY"])),
        now=__import__("time").time(),
    )
    assert caller.application == key.key.application_id
    assert caller.tenant == key.key.tenant_id
    assert caller.credential == key.key.pk
    assert caller.scopes == {"shop:read"}
    assert caller.livemode is False
    assert caller.request_id == answer.headers["trellis-request-id"]
    assert ids.decode(caller.request_id)[0] == "req"


def test_what_a_caller_may_not_say_is_taken_out(gateway: Gateway, key: Issued) -> None:
    forged = {
        "Trellis-Caller": "forged",
        "Trellis-Request-Id": "req_forged",
        "Trellis-Anything": "x",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Host": "evil.example",
        "Cookie": "sessionid=1",
        "Connection": "keep-alive, x-secret",
        "Trellis-Version": "2026-01-01",
        "Idempotency-Key": "abc",
    }
    headers = echoed(gateway, key, headers=forged)["headers"]
    assert headers["trellis-caller"] != "forged"
    assert headers["trellis-request-id"] != "req_forged"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-host"] == "api.test"
    assert headers["trellis-version"] == "2026-01-01"
    assert headers["idempotency-key"] == "abc"
    assert not {"trellis-anything", "cookie", "connection", "authorization"} & headers.keys()


def test_the_trace_context_is_passed_on_or_begun(gateway: Gateway, key: Issued) -> None:
    told = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    passed = echoed(gateway, key, headers={"traceparent": told, "tracestate": "a=b"})["headers"]
    assert (passed["traceparent"], passed["tracestate"]) == (told, "a=b")
    begun = echoed(gateway, key, headers={"traceparent": "nonsense"})["headers"]["traceparent"]
    assert begun != "nonsense"
    assert len(begun) == 55


@pytest.mark.parametrize("length", [1, 60_000, 70_000, 1024 * 1024])
def test_bodies_arrive_as_they_left(gateway: Gateway, key: Issued, length: int) -> None:
    body = os.urandom(length)
    seen = echoed(gateway, key, method="POST", content=body)
    assert seen["length"] == length
    assert seen["digest"] == __import__("hashlib").sha256(body).hexdigest()


def test_a_chunked_body_arrives_whole_with_a_length(gateway: Gateway, key: Issued) -> None:
    pieces = [b"a" * 1000, b"b" * 90_000, b"c"]
    seen = echoed(gateway, key, method="POST", content=iter(pieces))
    assert seen["length"] == 91_001
    assert seen["headers"]["content-length"] == "91001"


def test_head_is_served_as_get_without_a_body(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.head("/shop/v1/orders/mine", headers=bearer(key))
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0


def test_a_plain_segment_wins_over_a_parameter(gateway: Gateway, key: Issued) -> None:
    assert echoed(gateway, key, target="/shop/v1/orders/mine")["target"].endswith("/mine")
    assert echoed(gateway, key, target="/shop/v1/orders/ord_1")["target"].endswith("/ord_1")


def test_a_long_answer_is_streamed(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.get("/shop/v1/huge/5000000", headers=bearer(key))
    assert answer.status_code == 200
    assert answer.content == b"y" * 5_000_000
    assert answer.headers["content-length"] == "5000000"


def test_a_connection_that_was_held_back_serves_again(gateway: Gateway, key: Issued) -> None:
    for _ in range(12):
        assert len(gateway.client.get("/shop/v1/huge/900000", headers=bearer(key)).content) == 9e5
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200


def test_an_answer_without_a_length_is_streamed(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.get("/shop/v1/chunked", headers=bearer(key))
    assert answer.content == b"onetwothree"


def test_an_unmodified_answer_passes(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.get("/shop/v1/status/304", headers=bearer(key))
    assert (answer.status_code, answer.headers["etag"], answer.content) == (304, "abc", b"")


def test_the_backends_problem_passes_with_our_headers(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.get("/shop/v1/problem", headers=bearer(key))
    assert answer.status_code == 409
    assert answer.json()["code"] == "order_paid"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get_list("trellis-request-id") != ["forged"]
    assert len(answer.headers.get_list("trellis-request-id")) == 1
    ends_here = {"set-cookie", "access-control-allow-origin", "keep-alive", "proxy-authenticate"}
    assert not ends_here & answer.headers.keys()
    assert answer.headers.get("server") != "theirs"


def test_the_root_says_what_this_is(gateway: Gateway) -> None:
    answer = gateway.client.get("/")
    assert answer.json() == {"name": "Acme API", "documentation": "http://portal.test/docs"}
    assert answer.headers["trellis-request-id"].startswith("req_")


def test_health_and_readiness(gateway: Gateway) -> None:
    assert gateway.client.get("/healthz").json() == {"status": "alive"}
    assert gateway.client.get("/readyz").json() == {
        "status": "ready",
        "routes": True,
        "postgresql": True,
        "valkey": True,
    }
    refused = gateway.client.post("/healthz")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_many_requests_share_connections(gateway: Gateway, key: Issued, upstream: StandIn) -> None:
    before = len(upstream.requests)
    for number in range(50):
        echoed(gateway, key, target=f"/shop/v1/echo?n={number}")
    assert len(upstream.requests) == before + 50
    assert json.dumps(upstream.requests[-1]["headers"])
