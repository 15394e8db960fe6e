"""What a policy asks for is done to requests and answers, over real HTTP."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator

from apps.catalog.models import Api
from apps.core.invalidation import announce
from apps.keys.services import Issued
from tests.gateway.conftest import World, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

SHOP = "https://shop.example"


def test_an_upstream_sees_its_own_path_and_who_calls(
    gateway: Gateway, key: Issued, policed: Policed
) -> None:
    with policed():
        seen = gateway.client.get("/books/v1/books/7?a=1", headers=bearer(key)).json()
    headers = dict(seen["headers"])
    assert seen["target"] == "/shop/v1/books/7?a=1"
    assert "trellis-caller" in headers
    assert "authorization" not in headers


def test_requests_are_rewritten(gateway: Gateway, key: Issued, policed: Policed) -> None:
    rules = {
        "headers": {"set": {"x-region": "eu"}, "remove": ["x-debug"]},
        "query": {"set": {"source": "api"}, "remove": ["trace"], "rename": {"q": "search"}},
        "body": {
            "set": {"channel": "api"},
            "remove": ["items.*.secret"],
            "rename": {"name": "title"},
        },
    }
    body = {"name": "Dune", "items": [{"secret": 1, "n": 1}, {"n": 2}]}
    with policed(request=rules):
        seen = gateway.client.post(
            "/books/v1/echo?q=sand%20worm&trace=1&source=mine&keep",
            json=body,
            headers={**bearer(key), "X-Debug": "yes"},
        ).json()
    headers = dict(seen["headers"])
    assert seen["target"] == "/shop/v1/echo?search=sand+worm&keep=&source=api"
    assert headers["x-region"] == "eu"
    assert "x-debug" not in headers
    wanted = {"items": [{"n": 1}, {"n": 2}], "title": "Dune", "channel": "api"}
    assert seen["length"] == len(json.dumps(wanted, separators=(",", ":")))


def test_answers_are_rewritten(gateway: Gateway, key: Issued, policed: Policed) -> None:
    rules = {
        "headers": {"set": {"x-served-by": "us"}},
        "body": {"remove": ["headers"], "rename": {"target": "path"}},
    }
    with policed(response=rules):
        answer = gateway.client.get("/books/v1/echo", headers=bearer(key))
    assert answer.headers["x-served-by"] == "us"
    assert answer.json()["path"] == "/shop/v1/echo"
    assert not {"headers", "target"} & answer.json().keys()


def test_fields_are_left_out_for_callers_without_their_scope(
    gateway: Gateway, key: Issued, issue: Callable[..., Issued], policed: Policed
) -> None:
    trusted = issue(scopes=("shop:read", "shop:write"))
    with policed(fields={"shop:write": ["digest", "headers.*.0"]}):
        ours, theirs = (
            gateway.client.get("/books/v1/echo", headers=bearer(one)).json()
            for one in (trusted, key)
        )
    assert "digest" in ours
    assert "digest" not in theirs
    assert theirs["method"] == "GET"


def test_an_answer_that_cannot_be_looked_into_is_kept_back(
    gateway: Gateway, key: Issued, issue: Callable[..., Issued], policed: Policed
) -> None:
    trusted = issue(scopes=("shop:read", "shop:write"))
    with policed(fields={"shop:write": ["digest"]}):
        kept = gateway.client.get("/books/v1/chunked", headers=bearer(key))
        passed = gateway.client.get("/books/v1/chunked", headers=bearer(trusted))
        empty = gateway.client.get("/books/v1/status/204", headers=bearer(key))
    assert (kept.status_code, kept.json()["code"]) == (502, "upstream_failed")
    assert "no JSON" in kept.json()["detail"]
    assert "onetwothree" not in kept.text
    assert passed.text == "onetwothree"
    assert empty.status_code == 204


def test_addresses_that_are_not_allowed_stay_out(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    for policy in ({"ip_allow": ["203.0.113.0/24"]}, {"ip_deny": ["127.0.0.0/8"]}):
        with policed(**policy):
            service.requests.clear()
            answer = gateway.client.get("/books/v1/echo", headers=bearer(key))
            assert (answer.status_code, answer.json()["code"]) == (403, "address_refused")
            assert service.requests == []
    with policed(ip_allow=["127.0.0.1/32"]):
        assert gateway.client.get("/books/v1/echo", headers=bearer(key)).status_code == 200


def test_a_page_of_a_listed_origin_may_call_and_read_refusals_too(
    gateway: Gateway, key: Issued, policed: Policed
) -> None:
    asks = {"Origin": SHOP, "Access-Control-Request-Method": "GET"}
    asks["Access-Control-Request-Headers"] = "authorization,x-shop"
    with policed(cors=[SHOP]):
        told = gateway.client.options("/books/v1/echo", headers=asks)
        read = gateway.client.get("/books/v1/echo", headers={**bearer(key), "Origin": SHOP})
        refused = gateway.client.get("/books/v1/echo", headers={"Origin": SHOP})
        other = gateway.client.get(
            "/books/v1/echo", headers={**bearer(key), "Origin": "https://evil.example"}
        )
    assert told.status_code == 204
    assert "x-shop" in told.headers["access-control-allow-headers"]
    assert refused.status_code == 401
    for answer in (told, read, refused):
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "access-control-allow-credentials" not in answer.headers
    assert other.status_code == 200
    assert "access-control-allow-origin" not in other.headers


def test_a_body_may_have_as_much_as_the_policy_says(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    with policed(body_limit=2_000_000):
        answer = gateway.client.post(
            "/books/v1/echo", content=b"x" * 1_500_000, headers=bearer(key)
        )
        assert answer.json()["length"] == 1_500_000
    with policed(body_limit=10):
        service.requests.clear()
        answer = gateway.client.post("/books/v1/echo", content=b"x" * 11, headers=bearer(key))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert service.requests == []


def test_a_long_body_without_a_length_streams_through(
    gateway: Gateway, key: Issued, policed: Policed
) -> None:
    def parts() -> Iterator[bytes]:
        for number in range(90):
            yield bytes([number]) * 65_536

    with policed(body_limit=10_000_000):
        answer = gateway.client.post("/books/v1/echo", content=parts(), headers=bearer(key))
        sent = hashlib.sha256(b"".join(parts()))
        assert (answer.json()["length"], answer.json()["digest"]) == (5_898_240, sent.hexdigest())
    with policed(body_limit=5_000_000):
        answer = gateway.client.post("/books/v1/echo", content=parts(), headers=bearer(key))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_policy_may_be_impatient(gateway: Gateway, key: Issued, policed: Policed) -> None:
    with policed(timeout=0.3):
        began = time.monotonic()
        answer = gateway.client.get("/books/v1/slow/5", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")
    assert time.monotonic() - began < 2


def test_a_policy_that_makes_no_sense_stops_its_operations_and_no_others(
    world: World, api: str, gateway: Gateway, key: Issued, policed: Policed
) -> None:
    with policed():
        with world():
            Api.objects.filter(pk=api).update(policy={"timeout": "long"})
            announce([], "catalog:")
        deadline = time.monotonic() + 5
        while "timeout must be a number" not in gateway.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        answer = gateway.client.get("/books/v1/echo", headers=bearer(key))
        other = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (503, "catalog_unavailable")
    assert other.status_code == 200
    with policed():
        assert gateway.client.get("/books/v1/echo", headers=bearer(key)).status_code == 200
