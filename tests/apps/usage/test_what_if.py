"""A draft of limits is tried on recorded requests, with the arithmetic of the real script."""

import random
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.applications.models import Application
from apps.core import clock, ids, valkey
from apps.keys.models import Key
from apps.plans import layout, limits
from apps.plans import services as plans
from apps.plans.simulation import Call, Simulation
from apps.usage import selectors as usage
from apps.usage.selectors import whatif
from tests.support import make, traffic

BASE = 1_900_000_000_000_000  # microseconds; only the calendar cares
KINDS: tuple[dict[str, Any], ...] = (
    {"name": "burst", "kind": "rate", "limit": 5, "window": 1},
    {"name": "pace", "kind": "rate", "limit": 3, "window": 2, "burst": 9},
    {"name": "each", "kind": "rate", "scope": "key", "limit": 20, "window": 60, "burst": 8},
    {"name": "day", "kind": "quota", "limit": 120, "period": "day"},
    {"name": "month", "kind": "quota", "scope": "key", "limit": 150, "period": "month"},
    {"name": "at_once", "kind": "concurrency", "limit": 3},
    {"name": "writes", "kind": "rate", "limit": 2, "window": 5, "operations": ["b"]},
    {"name": "dim", "kind": "rate", "limit": 2, "window": 3, "shadow": True},
    {"name": "dark", "kind": "quota", "limit": 40, "period": "day", "shadow": True},
    {"name": "pair", "kind": "concurrency", "scope": "key", "limit": 1, "shadow": True},
)
CLOCK, TELLING = "redis.call('TIME')", "{0, table.remove(ARGV)}"
# The script forgets in real time what lies in the past; a sequence of hours is tried in a second.
FORGETTING = (
    ", 'PX', string.format('%.0f', life))",
    "    redis.call('PEXPIRE', KEYS[scopes + c], life)\n",
)


def scripted(policies: tuple[limits.Policy, ...], calls: list[Call]) -> list[tuple[str, set[str]]]:
    """Return what the real script says to calls at their times: who denies, which shadows would."""
    source = layout.SCRIPT
    for old, new in ((CLOCK, TELLING), (FORGETTING[0], ")"), (FORGETTING[1], "")):
        assert source.count(old) == 1
        source = source.replace(old, new)
    run = valkey.client().register_script(source)
    application, told = ids.new("app"), []
    for number, call in enumerate(calls):
        counting = [p for p in policies if not p.selective or p.counts(call.api, call.operation)]
        whom = layout.Whom(application, call.key)
        laid = layout.lay(counting, whom, call.cost, call.at / 1e6)
        token, life = f"req_{number}", call.lasted // 1000
        keys, values = layout.arguments(laid, 1, token=token, life=life)
        answer: Any = run(keys=keys, args=[*values, call.at])
        names = {slot.number: slot.policy.name for slot in laid.slots}
        lefts = answer[4::2]
        missed = {s.policy.name for s, left in zip(laid.slots, lefts, strict=True) if left < 0}
        told.append((names.get(answer[1], ""), missed))
    return told


@pytest.mark.parametrize("seed", range(12))
def test_the_simulation_decides_like_the_script(seed: int) -> None:
    chance = random.Random(seed)
    policies = limits.parse(chance.sample(KINDS, chance.randint(1, len(KINDS))))
    at, calls = BASE + 1000 * chance.randint(0, 10**9), []
    for _ in range(250):
        at += chance.choice((0, 1, 40_000, 300_000, 2_000_000, 900_000_000))
        key, operation = chance.choice("kq"), chance.choice("abc")
        lasted = 1000 * chance.choice((1, 50, 700, 3000))
        calls.append(Call(at, key, "shop", operation, chance.choice((1, 1, 1, 2, 7)), lasted))
    simulation = Simulation(policies)
    simulated = []
    for call in calls:
        denied, missed = simulation.decide(call)
        simulated.append((denied.name if denied else "", {policy.name for policy in missed}))
    assert simulated == scripted(policies, calls)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Noon of the 20th of last month, which is now for whoever tries a draft."""
    last_month = clock.real().replace(day=1) - timedelta(days=1)
    at = last_month.replace(day=20, hour=12, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(clock, "real", lambda: at)
    return at


@pytest.fixture
def key(db: None) -> Key:
    return make.key(make.application()).key


def draft(*policies: dict[str, Any]) -> tuple[limits.Policy, ...]:
    return limits.parse(list(policies))


def test_a_draft_says_what_it_would_have_refused_by_which_limit_when_and_whose(
    key: Key, noon: datetime
) -> None:
    other = make.key(make.application(name="Quiet")).key
    for second in range(6):
        traffic.serve(key, at=noon + timedelta(seconds=second))
    traffic.serve(key, at=noon - timedelta(hours=2), units=0, status=403, code="scope_missing")
    traffic.serve(other, at=noon)
    found = usage.what_if(draft({"name": "pace", "kind": "rate", "limit": 4, "window": 3600}))
    assert (found.requests, found.refused, found.really) == (7, 2, 0)
    busy, quiet = found.outcomes
    assert (busy.id, busy.requests, busy.refused) == (key.application_id, 6, 2)
    assert (quiet.id, quiet.requests, quiet.refused) == (other.application_id, 1, 0)
    (tally,) = busy.tallies
    assert (tally.policy.name, tally.refused) == ("pace", 2)
    assert (tally.first, tally.last) == (noon + timedelta(seconds=4), noon + timedelta(seconds=5))
    assert busy.worst == (noon, 2)


def test_what_a_limit_refused_then_counts_with_what_its_operation_costs(
    key: Key, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatif, "_costs", lambda: iter([("commerce", "orders_list", 3)]))
    traffic.serve(key, at=noon, units=3)
    traffic.serve(key, at=noon, units=0, status=429, code="limit_reached")
    traffic.serve(key, at=noon, units=0, status=429, code="quota_reached")
    found = usage.what_if(draft({"name": "day", "kind": "quota", "limit": 6, "period": "day"}))
    assert (found.requests, found.refused, found.really) == (3, 1, 2)


def test_a_month_goes_on_from_what_was_used_before_the_first_day(key: Key, noon: datetime) -> None:
    traffic.serve(key, at=noon - timedelta(days=15), units=90)
    traffic.serve(key, at=noon - timedelta(days=40), units=90)  # of the month before
    for _ in range(3):
        traffic.serve(key, at=noon, units=5)
    month = {"name": "month", "kind": "quota", "limit": 100, "period": "month"}
    found = usage.what_if(draft(month))
    assert (found.requests, found.refused) == (3, 1)
    some = month | {"operations": ["orders_create"]}
    assert usage.what_if(draft(some)).refused == 0
    assert usage.what_if(draft(month | {"scope": "key"})).refused == 1


def test_a_shadow_is_told_and_not_counted_as_a_refusal(key: Key, noon: datetime) -> None:
    for _ in range(3):
        traffic.serve(key, at=noon)
    pace = {"name": "pace", "kind": "rate", "limit": 1, "window": 60, "shadow": True}
    found = usage.what_if(draft(pace))
    assert found.refused == 0
    assert found.outcomes[0].tallies[0].refused == 2


def test_limits_of_end_users_are_said_not_to_be_tried(key: Key, noon: datetime) -> None:
    traffic.serve(key, at=noon)
    person = {"name": "person", "kind": "rate", "scope": "subject", "limit": 1, "window": 60}
    assert usage.what_if(draft(person)).unjudged == ["person"]


def test_only_those_on_the_plan_are_looked_at(key: Key, noon: datetime) -> None:
    plan = plans.publish("pro", name="Pro", limits=[]).plan
    traffic.serve(key, at=noon)
    assert usage.what_if(draft(), plan=plan).outcomes == []
    application = Application.objects.get(pk=key.application_id)
    plans.subscribe(application, version=plan.versions.get(), actor=None)
    assert usage.what_if(draft(), plan=plan).requests == 1


def test_the_cost_is_bounded_and_what_was_left_out_is_said(
    key: Key, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatif, "REQUESTS", 3)
    for second in range(5):
        traffic.serve(key, at=noon + timedelta(seconds=second))
    (outcome,) = usage.what_if(draft()).outcomes
    assert (outcome.requests, outcome.seen_until) == (3, noon + timedelta(seconds=3))


def test_trying_many_requests_takes_little_time() -> None:
    simulation = Simulation(draft(*KINDS[:5]))
    began = time.process_time()
    for number in range(20_000):
        simulation.decide(Call(BASE + number * 1000, "k"))
    assert time.process_time() - began < 2
