"""A write that is sent twice to an upstream happens once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import transaction

from apps.idempotency.models import ForwardedAnswer
from apps.keys.services import Issued
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
from tests.gateway.conftest import World, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.support import make

Post = Callable[..., Any]


@pytest.fixture
def post(gateway: Gateway, key: Issued) -> Post:
    """Send a POST under an idempotency key, which is new for each test."""
    name = f"order-{next(make.number)}"

    def one(path: str = "/echo", *, by: Issued = key, under: str = name, **options: Any) -> Any:
        headers = {**bearer(by), "Idempotency-Key": under, **options.pop("headers", {})}
        return gateway.client.post(f"/books/v1{path}", headers=headers, **options)

    return one


def test_the_second_time_is_answered_like_the_first(
    post: Post, policed: Policed, service: StandIn
) -> None:
    with policed(idempotency=True):
        first, second = (post(json={"n": 1}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == "application/json"
    assert len(service.seen("echo")) == 1
    assert dict(service.requests[0]["headers"])["idempotency-key"].startswith("order-")


@pytest.mark.parametrize("change", [{"json": {"n": 2}}, {"path": "/echo?a=1"}])
def test_other_parameters_under_the_same_key_are_refused(
    post: Post, policed: Policed, service: StandIn, change: dict[str, Any]
) -> None:
    with policed(idempotency=True):
        post(json={"n": 1})
        other = post(**{"json": {"n": 1}, **change})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert len(service.seen("echo")) == 1


def test_twins_at_once_reach_the_service_once(
    post: Post, policed: Policed, service: StandIn
) -> None:
    with policed(idempotency=True), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post("/slow/0.5"), range(8)))
        later = post("/slow/0.5")
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {
        "idempotency_in_progress"
    }
    assert later.headers["idempotency-replayed"] == "true"
    assert len(service.seen("slow")) == 1


def test_what_did_not_happen_may_be_sent_again(
    post: Post, policed: Policed, service: StandIn
) -> None:
    with policed(idempotency=True):
        for path in ("/status/404", "/reset"):
            service.requests.clear()
            one, two = post(path, under=path), post(path, under=path)
            assert one.status_code == two.status_code
            assert "idempotency-replayed" not in two.headers
            assert len(service.requests) == 2


def test_what_may_have_happened_halfway_is_kept_and_says_so(
    post: Post, policed: Policed, service: StandIn
) -> None:
    with policed(idempotency=True):
        first, second = post("/problem/500"), post("/problem/500")
    for answer in (first, second):
        assert (answer.status_code, answer.headers["trellis-should-retry"]) == (500, "false")
    assert second.headers["idempotency-replayed"] == "true"
    assert len(service.requests) == 1


def test_keys_of_others_are_others(
    post: Post, issue: Callable[..., Issued], policed: Policed, service: StandIn
) -> None:
    stranger = issue()
    with policed(idempotency=True):
        post(json={})
        theirs = post(json={}, by=stranger)
    assert "idempotency-replayed" not in theirs.headers
    assert len(service.seen("echo")) == 2


def test_a_replay_shows_no_more_than_the_caller_may_see(
    post: Post, world: World, key: Issued, issue: Callable[..., Issued], policed: Policed
) -> None:
    with world():
        application, tenant = key.key.application, key.key.tenant
    trusted = issue(application, tenant=tenant, scopes=("shop:read", "shop:write"))
    with policed(idempotency=True, fields={"shop:write": ["digest"]}):
        assert "digest" in post(json={}, by=trusted).json()
        refused = post(json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert "digest" not in refused.text


@pytest.mark.parametrize("under", ["x" * 256, ""])
def test_a_key_that_cannot_be_one_is_refused(
    post: Post, policed: Policed, service: StandIn, under: str
) -> None:
    with policed(idempotency=True):
        answer = post(under=under)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert service.requests == []


def test_reading_needs_no_key_and_keeps_nothing(
    gateway: Gateway, key: Issued, policed: Policed, service: StandIn
) -> None:
    with policed(idempotency=True):
        for _ in range(2):
            gateway.client.get("/books/v1/echo", headers={**bearer(key), "Idempotency-Key": "g"})
    assert len(service.seen("echo")) == 2


def test_a_gateway_that_died_leaves_a_claim_that_runs_out(
    post: Post, world: World, key: Issued, policed: Policed, service: StandIn
) -> None:
    with policed(idempotency=True):
        post(json={})
        with world():
            tenant = key.key.tenant
            _change(tenant, status=None)  # as if the answer had never come
        assert post(json={}).json()["code"] == "idempotency_in_progress"
        with world():
            _change(tenant, claimed_until=datetime(2026, 1, 1, tzinfo=UTC))
        assert post(json={}).status_code == 200
        assert post(json={}).headers["idempotency-replayed"] == "true"
    assert len(service.seen("echo")) == 2


def _change(tenant: Tenant, **values: Any) -> None:
    with transaction.atomic(), acting_in(tenant):
        newest = ForwardedAnswer.objects.latest("id")
        ForwardedAnswer.objects.filter(pk=newest.pk).update(**values)


def test_without_the_truth_nothing_is_sent(
    post: Post, environment: dict[str, str], policed: Policed, service: StandIn
) -> None:
    rename = "ALTER FUNCTION {} RENAME TO {}"
    names = ("idempotency_claim", "idempotency_gone")
    with (
        policed(idempotency=True),
        psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner,
    ):
        owner.execute(rename.format(*names))
        try:
            answer = post(json={})
        finally:
            owner.execute(rename.format(*reversed(names)))
        time.sleep(0.6)  # A database that failed is left alone for half a second.
        assert service.requests == []
        assert post(json={}).status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
