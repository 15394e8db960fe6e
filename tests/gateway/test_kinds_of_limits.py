"""Bursts, shadows, concurrency, end users and limits that count some operations only."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
import redis

from apps.core import ids
from apps.keys.services import Issued
from apps.plans.limits import Policy
from gateway import crowds, frames
from gateway.limits import Limiter
from gateway.routes import Operation
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.gateway.test_leases import copy, credential, several, with_limiters
from tests.gateway.test_limits import left, quota, rate
from tests.gateway.test_usage_records import rows
from tests.gateway.tokens import Token
from tests.support import make

Issue = Callable[..., Issued]
PAIR = Policy("pair", "concurrency", "application", 2)


def parallel(limit: int, **more: object) -> dict[str, object]:
    return {"name": "parallel", "kind": "concurrency", "limit": limit, **more}


def test_a_burst_is_what_may_come_at_once_and_the_rate_what_comes_back(
    gateway: Gateway, issue: Issue
) -> None:
    key = issue(limits=[rate(1, 2, "pace") | {"burst": 4}])
    answers = [gateway.client.get("/shop/v1/echo", headers=bearer(key)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"pace";q=1;w=2;trellis-burst=4'
    assert left(answers[0].headers["ratelimit"])["pace"] == (3, 2)
    assert answers[4].headers["retry-after"] == "2"
    time.sleep(2)
    statuses = [
        gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]


def test_a_burst_below_the_limit_lets_less_at_once() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(Policy("minute", "rate", "application", 600, window=60, burst=3))
        verdicts = await several(limiter, key, 4)
        assert [verdict.granted for verdict in verdicts] == [True, True, True, False]
        assert 0 < verdicts[3].wait <= 0.1

    with_limiters(work, 1)


def test_a_shadow_refuses_nothing_and_is_reported(
    gateway: Gateway, issue: Issue, upstream: StandIn
) -> None:
    key = issue(limits=[rate(2, 3600, "hour") | {"shadow": True}, quota(100)])
    for number in range(4):
        answer = gateway.client.get("/shop/v1/echo?shadowed", headers=bearer(key))
        assert answer.status_code == 200
        assert left(answer.headers["ratelimit"]).keys() == {"month"}
        assert left(answer.headers["ratelimit"])["month"][0] == 99 - number
        assert '"hour"' not in answer.headers["ratelimit-policy"]
    assert len(upstream.seen("shadowed")) == 4


def test_what_a_shadow_would_have_refused_takes_nothing_from_it() -> None:
    async def work(limiter: Limiter) -> None:
        shadow = Policy("day", "quota", "application", 3, period="day", shadow=True)
        key = credential(shadow, Policy("month", "quota", "application", 5, period="month"))
        verdicts = await several(limiter, key, 7)
        assert [verdict.missed for verdict in verdicts] == [(), (), ()] + [("day",)] * 4
        assert [verdict.granted for verdict in verdicts] == [True] * 5 + [False] * 2
        lefts = [dict(zip(("month", "day"), one.numbers[::2], strict=True)) for one in verdicts]
        assert [one["day"] for one in lefts] == [2, 1, 0, 0, 0, 0, 0]
        assert [one["month"] for one in lefts] == [4, 3, 2, 1, 0, 0, 0]

    with_limiters(work, 1)


@pytest.mark.parametrize("shadow", [True, False])
def test_a_shadow_counts_just_what_it_would_admit(shadow: bool) -> None:  # noqa: FBT001 - a case
    async def work(*limiters: Limiter) -> None:
        limit = Policy("hour", "rate", "application", 40, window=3600, shadow=shadow)
        key = credential(limit)
        mate = copy(key)
        calls = [limiters[n % 2].decide((key, mate)[n % 2], 1) for n in range(100)]
        verdicts = await asyncio.gather(*calls)
        assert sum(one.granted and not one.missed for one in verdicts) == 40
        assert sum(one.granted for one in verdicts) == (100 if shadow else 40)

    with_limiters(work, 2)


def test_as_many_requests_at_once_as_the_plan_allows(
    gateway: Gateway, twin: Gateway, issue: Issue, upstream: StandIn
) -> None:
    key = issue(limits=[parallel(3), quota(1000)])

    def call(number: int) -> int:
        client = (gateway, twin)[number % 2].client
        return client.get("/shop/v1/slow/1.5?crowd", headers=bearer(key)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(call, range(8))) == {200: 3, 429: 5}
    assert len(upstream.seen("crowd")) == 3
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert left(answer.headers["ratelimit"])["month"][0] == 996
    assert '"parallel";q=3;qu="concurrent-requests"' in answer.headers["ratelimit-policy"]
    assert '"parallel";r=2' in answer.headers["ratelimit"]


def test_a_refusal_for_concurrency_names_it(gateway: Gateway, issue: Issue) -> None:
    key = issue(limits=[parallel(1)])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(gateway.client.get, "/shop/v1/slow/1", headers=bearer(key))
        time.sleep(0.4)
        refused = gateway.client.get("/shop/v1/echo", headers=bearer(key))
        assert slow.result().status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (429, "concurrency_reached")
    assert refused.json()["limit"] == "parallel"
    assert refused.headers["retry-after"] == "1"
    # Neither memory nor a forgotten place keeps the next one out.
    for _ in range(20):
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("path", ["/broken/100000", "/reset", "/status/500", "/huge/3000000"])
def test_a_place_is_given_back_however_a_request_ends(
    path: str, gateway: Gateway, issue: Issue, store: redis.Redis
) -> None:
    key = issue(limits=[parallel(1)])
    with suppress(httpx.TransportError):
        gateway.client.get(f"/shop/v1{path}", headers=bearer(key))
    time.sleep(0.2)
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    assert store.zcard(f"{{{key.key.application_id}}}:la@parallel") == 0


def test_a_caller_that_hangs_up_gives_its_place_back(
    gateway: Gateway, issue: Issue, store: redis.Redis
) -> None:
    key = issue(limits=[parallel(1)])
    with gateway.client.stream("GET", "/shop/v1/huge/50000000", headers=bearer(key)) as answer:
        assert answer.status_code == 200
        assert store.zcard(f"{{{key.key.application_id}}}:la@parallel") == 1
    deadline = time.monotonic() + 5
    while store.zcard(f"{{{key.key.application_id}}}:la@parallel"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_places_of_a_gateway_that_dies_are_free_in_time_and_those_of_the_living_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "LIFE", 400)
    monkeypatch.setattr(crowds, "OLD", 0.0)

    async def work(dying: Limiter, living: Limiter) -> None:
        key = credential(PAIR)
        mate = copy(key)
        held = [await dying.decide(key, 1, None, "req_1")]
        held.append(await living.decide(mate, 1, None, "req_2"))
        assert all(verdict.granted for verdict in held)
        assert not (await living.decide(mate, 1, None, "req_3")).granted
        for _ in range(3):
            await asyncio.sleep(0.2)
            living.crowds.renew()
        held.append(await living.decide(mate, 1, None, "req_4"))
        assert held[-1].granted
        refused = await living.decide(mate, 1, None, "req_5")
        assert refused.denied is not None
        assert refused.denied.policy == PAIR

    with_limiters(work, 2)


def test_a_place_that_nobody_gives_back_is_given_back_with_what_was_decided() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(PAIR)
        kept = [await limiter.decide(key, 1, None, f"req_{n}") for n in range(2)]
        assert not (await limiter.decide(key, 1, None, "req_2")).granted
        kept.pop()
        assert list(limiter.crowds.places) == ["req_0"]
        assert (await limiter.decide(key, 1, None, "req_3")).granted

    with_limiters(work, 1)


def test_concurrency_grants_all_or_nothing() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(PAIR, Policy("month", "quota", "application", 2, period="month"))
        for number in range(4):
            verdict = await limiter.decide(key, 1, None, f"req_{number}")
            if number < 2:
                limiter.release(verdict)
        assert verdict.denied is not None
        assert verdict.denied.policy.name == "month"
        assert verdict.numbers[::2] == [0, 2]

    with_limiters(work, 1)


def test_a_shadow_of_concurrency_refuses_nothing_and_counts_only_what_it_would_admit() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(Policy("pair", "concurrency", "application", 2, shadow=True))
        verdicts = [await limiter.decide(key, 1, None, f"req_{n}") for n in range(4)]
        assert [verdict.missed for verdict in verdicts] == [(), (), ("pair",), ("pair",)]
        for verdict in verdicts:
            limiter.release(verdict)
        assert (await limiter.decide(key, 1, None, "req_9")).missed == ()

    with_limiters(work, 1)


def test_each_end_user_has_a_limit_of_their_own_and_a_key_none(
    gateway: Gateway, grant_token: Callable[..., Token], issue: Issue, world: World
) -> None:
    limits = [rate(2, 3600, "person", "subject"), quota(100)]
    with world():
        ann, ben = make.user(), make.user()
    one = grant_token(limits=limits, user=ann)
    with world():
        client = one.row.application
        application = client.application
    again = grant_token(application, user=ann, client=client)
    two = grant_token(application, user=ben, client=client)
    for token in (again, two):
        statuses = [
            gateway.client.get("/shop/v1/echo", headers=token.header).status_code for _ in range(3)
        ]
        assert statuses == [200, 200, 429]
    assert gateway.client.get("/shop/v1/echo", headers=one.header).status_code == 429
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(issue(application)))
    assert answer.status_code == 200
    assert left(answer.headers["ratelimit"]).keys() == {"month"}


def test_a_clients_next_token_goes_on_where_the_last_one_was(
    gateway: Gateway, grant_token: Callable[..., Token], world: World
) -> None:
    first = grant_token(limits=[rate(3, 3600, "each", "key")])
    with world():
        client = first.row.application
        application = client.application
    second = grant_token(application, client=client)
    other = grant_token(application)
    calls = (first, first, second, second, first, other)
    statuses = [
        gateway.client.get("/shop/v1/echo", headers=token.header).status_code for token in calls
    ]
    assert statuses == [200, 200, 200, 429, 429, 200]


def test_a_limit_that_counts_some_operations_leaves_the_others_alone(
    gateway: Gateway, issue: Issue
) -> None:
    some = rate(2, 3600, "orders") | {"api": "shop", "operations": ["orders_id_get"]}
    key = issue(limits=[some, quota(100)])
    statuses = [
        gateway.client.get("/shop/v1/orders/1", headers=bearer(key)).status_code for _ in range(3)
    ]
    assert statuses == [200, 200, 429]
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert answer.status_code == 200
    assert left(answer.headers["ratelimit"]).keys() == {"month"}
    assert left(answer.headers["ratelimit"])["month"][0] == 97
    refused = gateway.client.get("/shop/v1/orders/2", headers=bearer(key))
    assert refused.json()["limit"] == "orders"


def test_what_counts_other_operations_neither_shortens_nor_moves_a_count() -> None:
    """The state of each selection lies by itself: what is not counted touches nothing of it."""

    async def work(limiter: Limiter) -> None:
        key = credential(
            Policy("all", "rate", "application", 1000, window=1),
            Policy("some", "rate", "application", 5, window=3600, operations=("a",)),
            Policy("others", "quota", "application", 7, period="day", operations=("b", "a")),
        )
        for name, some, others in (("a", 4, 6), ("c", None, None), ("b", None, 5), ("a", 3, 4)):
            verdict = await limiter.decide(key, 1, Operation("shop", name, "GET", (), 1))
            told = dict(
                zip([s.policy.name for s in verdict.slots], verdict.numbers[::2], strict=True)
            )
            assert (told.get("some"), told.get("others")) == (some, others)

    with_limiters(work, 1)


def test_four_processes_admit_exactly_a_hard_quota(
    launch: Callable[..., Gateway], issue: Issue, environment: dict[str, str]
) -> None:
    gateways = [launch() for _ in range(4)]
    limits = [rate(1000, 1), quota(400, "day", "day")]
    plain, crowded = issue(limits=limits), issue(limits=[*limits, parallel(50)])

    def call(number: int) -> tuple[str, int]:
        asked = (crowded, plain)[number % 2]
        client = gateways[number // 2 % 4].client
        answer = client.get("/shop/v1/echo", headers=bearer(asked))
        return asked.key.application_id, answer.status_code

    with ThreadPoolExecutor(12) as pool:
        counted = Counter(pool.map(call, range(1200)))
        # What one gateway held for a moment and did not use, another one has refused meanwhile.
        counted.update(pool.map(call, range(200)))
    time.sleep(1)
    # On a machine that stands still for longer than a gateway waits, its mirror decides.
    alone = Counter(
        ids.encode("app", row["application_id"])
        for row in rows(environment, os.environ["VALKEY_URL"])
        if row["status"] == 200 and "mirror" in str(row["trace"])
    )
    for key in (plain, crowded):
        admitted, mirrored = counted[key.key.application_id, 200], alone[key.key.application_id]
        # What Valkey granted too late was the mirror's to decide: it counts there and not here.
        assert admitted == 400 if not mirrored else 380 <= admitted <= 400 + mirrored


def test_a_killed_gateway_takes_no_place_of_a_quota_that_it_did_not_use(
    launch: Callable[..., Gateway], gateway: Gateway, issue: Issue
) -> None:
    key = issue(limits=[quota(60, "day", "day")])
    dying = launch()
    passed = sum(
        dying.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200 for _ in range(20)
    )
    dying.end(how=signal.SIGKILL)
    passed += sum(
        gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
        for _ in range(60)
    )
    assert passed <= 60


@pytest.mark.parametrize(
    ("first", "then", "remaining"),
    [
        ((10, 3600, 0), (50, 3600, 0), 39),  # a larger plan, used up before
        ((50, 3600, 0), (12, 3600, 0), 1),
        ((50, 3600, 0), (8, 3600, 0), -1),  # a smaller one, of which more is used than there is
        ((50, 3600, 0), (50, 3600, 15), 4),
        ((10, 60, 0), (10, 3600, 20), 9),
    ],
)
def test_under_another_plan_as_much_is_used_as_under_the_last(
    first: tuple[int, int, int], then: tuple[int, int, int], remaining: int
) -> None:
    def policy(limit: int, window: int, burst: int) -> Policy:
        return Policy("hour", "rate", "application", limit, window=window, burst=burst)

    async def work(limiter: Limiter) -> None:
        key = credential(policy(*first))
        assert all(verdict.granted for verdict in await several(limiter, key, 10))
        await limiter.stop()
        other = credential(policy(*then))
        other.key, other.application = key.key, key.application
        verdict = (await several(limiter, other, 1))[0]
        assert (verdict.granted, verdict.numbers[0]) == (remaining >= 0, max(0, remaining))

    with_limiters(work, 1)
