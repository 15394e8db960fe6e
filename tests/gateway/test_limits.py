"""Limits are exact under concurrency, say what is left, and grant all of a request or nothing."""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from apps.applications.models import Application
from apps.keys.services import Issued
from apps.plans import services as plans
from apps.plans.layout import Slot
from apps.plans.limits import Policy
from gateway.verdict import policy_header
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

Issue = Callable[..., Issued]


def rate(limit: int, window: int, name: str = "burst", scope: str = "application") -> Any:
    return {"name": name, "kind": "rate", "scope": scope, "limit": limit, "window": window}


def quota(limit: int, period: str = "month", name: str = "month") -> Any:
    return {"name": name, "kind": "quota", "scope": "application", "limit": limit, "period": period}


def left(header: str) -> dict[str, tuple[int, int]]:
    """Return what ``RateLimit`` says: name -> (left, seconds)."""
    found = re.findall(r'"(\w+)";r=(\d+);t=(\d+)', header)
    return {name: (int(r), int(t)) for name, r, t in found}


def test_every_answer_says_what_is_left(gateway: Gateway, issue: Issue) -> None:
    key = issue(limits=[rate(100, 10), quota(1000)])
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert re.fullmatch(
        r'"burst";q=100;w=10, "month";q=1000;w=\d+', answer.headers["ratelimit-policy"]
    )
    seconds = int(answer.headers["ratelimit-policy"].rpartition("=")[2])
    assert seconds in {days * 86_400 for days in (28, 29, 30, 31)}
    assert left(answer.headers["ratelimit"])["burst"] == (99, 1)
    assert left(answer.headers["ratelimit"])["month"][0] == 999
    assert "retry-after" not in answer.headers


def test_a_refusal_after_authentication_says_it_too_and_takes_nothing(
    gateway: Gateway, issue: Issue
) -> None:
    key = issue(limits=[quota(10)])
    for _ in range(3):
        answer = gateway.client.get("/shop/v1/nothing", headers=bearer(key))
        assert left(answer.headers["ratelimit"])["month"][0] == 10


def test_what_costs_nothing_says_what_is_left_even_when_that_is_nothing(
    gateway: Gateway, issue: Issue
) -> None:
    key = issue(limits=[rate(100, 10), quota(1)])
    for remaining in (1, 1):
        answer = gateway.client.get("/shop/v1/free", headers=bearer(key))
        assert answer.status_code == 200
        assert left(answer.headers["ratelimit"])["month"][0] == remaining
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 429
    answer = gateway.client.get("/shop/v1/free", headers=bearer(key))
    assert answer.status_code == 200
    assert left(answer.headers["ratelimit"])["month"][0] == 0


def test_reaching_a_rate_names_it_and_says_when_to_come_back(
    gateway: Gateway, issue: Issue, upstream: StandIn
) -> None:
    key = issue(limits=[rate(3, 3), quota(1000)])
    statuses = [
        gateway.client.get("/shop/v1/echo?mark3", headers=bearer(key)).status_code for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    refused = gateway.client.get("/shop/v1/echo?mark3", headers=bearer(key))
    assert refused.json()["code"] == "limit_reached"
    assert refused.json()["limit"] == "burst"
    assert refused.json()["retry_after"] == int(refused.headers["retry-after"]) == 1
    assert left(refused.headers["ratelimit"])["burst"][0] == 0
    assert left(refused.headers["ratelimit"])["month"][0] == 997
    assert len(upstream.seen("mark3")) == 3
    time.sleep(int(refused.headers["retry-after"]))
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200


def test_reaching_a_quota_names_the_period(gateway: Gateway, issue: Issue) -> None:
    key = issue(limits=[quota(2, "day", "daily")])
    for _ in range(2):
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    refused = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_reached")
    now = datetime.now(UTC)
    rest = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
    assert abs(int(refused.headers["retry-after"]) - rest) <= 2


def test_all_limits_grant_or_none_is_touched(gateway: Gateway, issue: Issue) -> None:
    key = issue(limits=[rate(50, 3600, "hour"), quota(2)])
    for _ in range(6):
        answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert answer.status_code == 429
    assert left(answer.headers["ratelimit"])["hour"][0] == 48


def test_an_operation_takes_what_it_costs(gateway: Gateway, issue: Issue) -> None:
    key = issue(limits=[quota(12)])
    assert gateway.client.get("/shop/v1/dear", headers=bearer(key)).status_code == 200
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert left(answer.headers["ratelimit"])["month"][0] == 6
    assert gateway.client.get("/shop/v1/dear", headers=bearer(key)).status_code == 200
    assert gateway.client.get("/shop/v1/dear", headers=bearer(key)).status_code == 429
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200


def test_keys_of_an_application_share_its_limits_but_not_a_keys(
    gateway: Gateway, issue: Issue, world: World
) -> None:
    one = issue(limits=[quota(10), rate(3, 3600, "each", "key")])
    with world():
        application = Application.objects.get(pk=one.key.application_id)
    other = issue(application)
    for key in (one, other):
        for _ in range(3):
            assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
        refused = gateway.client.get("/shop/v1/echo", headers=bearer(key))
        assert refused.json()["limit"] == "each"
    assert left(refused.headers["ratelimit"])["month"][0] == 4


def test_two_gateways_admit_exactly_the_limit(
    gateway: Gateway, twin: Gateway, issue: Issue
) -> None:
    key = issue(limits=[rate(60, 3600, "hour"), quota(100_000)])

    def call(number: int) -> int:
        client = (gateway, twin)[number % 2].client
        return client.get("/shop/v1/echo", headers=bearer(key)).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = Counter(pool.map(call, range(200)))
    assert statuses == {200: 60, 429: 140}


def test_more_limits_than_one_blob_holds(gateway: Gateway, issue: Issue) -> None:
    rates = [rate(10 + n, 3600, f"r{n}") for n in range(5)]
    key = issue(limits=[*rates, quota(50), quota(20, "day", "day")])
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    found = {name: r for name, (r, _) in left(answer.headers["ratelimit"]).items()}
    assert found == {"r0": 9, "r1": 10, "r2": 11, "r3": 12, "r4": 13, "month": 49, "day": 19}
    assert answer.headers["ratelimit-policy"].count(";q=") == 7


def test_a_change_of_plan_counts_at_once_and_keeps_what_is_used(
    gateway: Gateway, twin: Gateway, issue: Issue, world: World
) -> None:
    key = issue(limits=[rate(5, 3600, "hour"), quota(100)])
    for one in (gateway, twin):
        assert one.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    with world():
        version = plans.publish("wide", name="Wide", limits=[rate(7, 60), quota(500)])
        application = Application.objects.get(pk=key.key.application_id)
        plans.subscribe(application, version=version, actor=None)
    time.sleep(0.5)
    for number, one in enumerate((gateway, twin)):
        answer = one.client.get("/shop/v1/echo", headers=bearer(key))
        assert left(answer.headers["ratelimit"])["month"][0] == 497 - number
        assert left(answer.headers["ratelimit"])["burst"][0] == 4 - number


@pytest.mark.parametrize(
    ("end", "days"),
    [("2027-03-01", 28), ("2028-03-01", 29), ("2027-05-01", 30), ("2027-01-01", 31)],
)
def test_the_window_of_a_month_is_as_long_as_the_month(end: str, days: int) -> None:
    policy = Policy("month", "quota", "application", 5, period="month")
    ends = datetime.fromisoformat(f"{end}T00:00:00Z").timestamp()
    slot = Slot(policy, "", 14, 1, ends)
    assert policy_header((slot,)) == b'"month";q=5;w=%d' % (days * 86_400)


def test_a_limit_that_is_whole_again_leaves_nothing_in_valkey(
    gateway: Gateway, issue: Issue, store: redis.Redis
) -> None:
    key = issue(limits=[rate(10, 5)])
    gateway.client.get("/shop/v1/echo", headers=bearer(key))
    (name,) = store.keys(f"{{{key.key.application_id}}}:l*")
    assert 0 < store.pttl(name) <= 501
