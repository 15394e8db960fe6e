"""Without Valkey each gateway admits its share, beginning where Valkey left off."""

import time

import pytest

from apps.plans.layout import Slot
from apps.plans.limits import Policy
from gateway.frames import Frame
from gateway.mirror import Mirror
from gateway.verdict import Slots

RATE = Policy("burst", "rate", "application", 100, window=10)
QUOTA = Policy("month", "quota", "application", 1000, period="month")


def frame(*policies: Policy, last: list[int] | None = None, cost: int = 1) -> Frame:
    ends = time.time() + 86_400
    slots = Slots(
        Slot(policy, "{app_1}:la0", 11 + at, cost, ends if policy.kind == "quota" else 0.0)
        for at, policy in enumerate(policies)
    )
    made = Frame([], [], slots, ends)
    if last:
        made.last, made.last_at = last, time.time()
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until it is moved."""
    now = [time.time()]
    monkeypatch.setattr("gateway.mirror.time.time", lambda: now[0])
    return now


def admitted(local: Mirror, given: Frame, tries: int = 2000) -> int:
    return sum(local.decide(given)[0] is None for _ in range(tries))


@pytest.mark.parametrize("gateways", [1, 2, 4])
def test_each_admits_its_share_of_a_rate(clock: list[float], gateways: int) -> None:
    local, given = Mirror(), frame(RATE)
    local.gateways = gateways
    assert admitted(local, given) == 100 // gateways
    clock[0] += 5
    assert admitted(local, given) == 50 // gateways
    denied, wait, numbers, _ = local.decide(given)
    assert denied is given.slots[0]
    assert 0 < wait <= 0.1 * gateways + 1e-6
    assert numbers[0] == 0


def test_it_begins_where_valkey_left_off(clock: list[float]) -> None:
    local, given = Mirror(), frame(RATE, last=[20, 8_000_000])
    given.last_at = clock[0]
    assert admitted(local, given) == 20


def test_each_admits_its_share_of_what_was_left_of_a_quota(clock: list[float]) -> None:
    local, given = Mirror(), frame(QUOTA, last=[30, 1_000_000])
    local.gateways = 3
    assert admitted(local, given) == 10
    assert local.decide(given)[0] is given.slots[0]


def test_one_limit_denies_and_none_is_touched(clock: list[float]) -> None:
    local, given = Mirror(), frame(RATE, QUOTA, last=[100, 0, 5, 1_000_000])
    assert admitted(local, given) == 5
    assert local.look(given)[0] == 95


def test_a_share_below_one_still_admits_one(clock: list[float]) -> None:
    local, given = Mirror(), frame(Policy("slow", "rate", "application", 2, window=10))
    local.gateways = 10
    assert admitted(local, given) == 1
