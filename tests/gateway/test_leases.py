"""Requests granted in advance: fewer questions, the same answers."""

import asyncio
import os
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core import ids
from apps.plans.limits import Policy, period_of
from gateway import frames
from gateway.credential import Credential
from gateway.lease import LIFE, Lease
from gateway.limits import Limiter
from gateway.link import Down, Link, pack
from gateway.verdict import Verdict, left_header

HUNDRED = Policy("month", "quota", "application", 100, period="month")
FAST = Policy("burst", "rate", "application", 300, window=1)
SLOW = Policy("hour", "rate", "application", 3600, window=3600)


def credential(*policies: Policy) -> Credential:
    """Return a key of an application that nobody else uses."""
    return Credential(
        digest="",
        key=ids.new("key"),
        application=ids.new("app"),
        organization="",
        tenant="",
        livemode=False,
        scopes=frozenset(),
        networks=(),
        not_before=None,
        expires_at=None,
        revoked=False,
        state="approved",
        organization_suspended=False,
        plan="",
        policies=policies,
        owner=b"",
        read_at=0.0,
    )


def copy(of: Credential) -> Credential:
    """Return the same key as another gateway knows it."""
    made = credential(*of.policies)
    made.key, made.application = of.key, of.application
    return made


def with_limiters(work: Callable[..., Awaitable[None]], count: int) -> None:
    """Run ``work`` with the limiters of some gateways."""

    async def main() -> None:
        scripts = (frames.SCRIPT, frames.RETURN)
        links = [
            Link(os.environ["VALKEY_URL"], patience=2.0, scripts=scripts) for _ in range(count)
        ]
        await asyncio.gather(*[link.start() for link in links])
        await work(*[Limiter(link) for link in links])
        await asyncio.gather(*[link.stop() for link in links])

    asyncio.run(main())


async def several(limiter: Limiter, key: Credential, count: int) -> list[Verdict]:
    return [await limiter.decide(key, 1) for _ in range(count)]


def test_a_busy_key_asks_less_and_is_told_the_same() -> None:
    async def work(limiter: Limiter) -> None:
        verdicts = await several(limiter, credential(HUNDRED), 40)
        assert [verdict.numbers[0] for verdict in verdicts] == list(range(99, 59, -1))
        assert Counter(verdict.by for verdict in verdicts)["lease"] >= 20
        assert b'"month";r=60' in left_header(verdicts[-1])

    with_limiters(work, 1)


def test_what_is_not_used_goes_back_when_the_lease_ends() -> None:
    async def work(one: Limiter, other: Limiter) -> None:
        key = credential(HUNDRED)
        used = 0
        while not one.leased:
            used += len(await several(one, key, 1))
        elsewhere = await other.look(copy(key))
        assert elsewhere.numbers[0] < 100 - used
        assert (await one.look(key)).numbers[0] == 100 - used
        await asyncio.sleep(LIFE * 2)
        assert not one.leased
        assert (await other.look(copy(key))).numbers[0] == 100 - used

    with_limiters(work, 2)


def test_a_gateway_that_stops_gives_its_leases_back() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(HUNDRED, FAST)
        verdicts = await several(limiter, key, 10)
        assert limiter.leased
        await limiter.stop()
        assert not limiter.leased
        assert (await limiter.look(copy(key))).numbers[-2] == 100 - len(verdicts)

    with_limiters(work, 1)


@pytest.mark.parametrize(
    "policy",
    [Policy("day", "quota", "application", 19, period="day"), SLOW],
    ids=["a small one", "a slow one"],
)
def test_some_limits_are_never_leased(policy: Policy) -> None:
    async def work(limiter: Limiter) -> None:
        verdicts = await several(limiter, credential(policy, FAST), 19)
        assert {verdict.by for verdict in verdicts} == {"valkey"}

    with_limiters(work, 1)


def test_two_processes_admit_exactly_a_quota() -> None:
    async def work(*limiters: Limiter) -> None:
        sixty = Policy("month", "quota", "application", 60, period="month")
        key = credential(sixty, FAST)
        keys = [key, copy(key)]
        verdicts = []
        for begin in range(0, 200, 20):
            turn = range(begin, begin + 20)
            calls = [limiters[n % 2].decide(keys[n % 2], 1) for n in turn]
            verdicts += await asyncio.gather(*calls)
        assert sum(verdict.granted for verdict in verdicts) == 60
        assert any(verdict.by == "lease" for verdict in verdicts)

    with_limiters(work, 2)


def test_three_processes_never_admit_more_than_a_rate() -> None:
    async def work(*limiters: Limiter) -> None:
        key = credential(FAST)
        granted: Counter[str] = Counter()
        began = time.monotonic()

        async def hammer(limiter: Limiter, burst: int, pause: float) -> None:
            mine = copy(key)
            while time.monotonic() - began < 2:
                for verdict in await several(limiter, mine, burst):
                    granted[verdict.by if verdict.granted else "denied"] += 1
                await asyncio.sleep(pause)

        # The last one gives back most of what it leases.
        await asyncio.gather(*map(hammer, limiters, (1, 5, 30), (0.002, 0.02, 0.08)))
        entitled = 300 + 300 * (time.monotonic() - began)
        admitted = sum(granted.values()) - granted["denied"]
        assert granted["lease"] > 0
        # A pause is longer than it says on a busy machine: what was not offered is not missed.
        offered = sum(granted.values())
        assert min(offered, entitled) * 0.9 <= admitted <= entitled

    with_limiters(work, 3)


def test_a_denial_leaves_every_limit_as_it_was() -> None:
    async def work(limiter: Limiter) -> None:
        few = Policy("few", "quota", "key", 30, period="month")
        key = credential(HUNDRED, few)
        verdicts = await several(limiter, key, 35)
        assert [verdict.granted for verdict in verdicts] == [True] * 30 + [False] * 5
        assert verdicts[-1].numbers[::2] == [70, 0]

    with_limiters(work, 1)


def test_a_lease_is_a_quarter_of_what_is_left_at_most() -> None:
    async def work(limiter: Limiter) -> None:
        wanted = frames.build(credential(HUNDRED), 1, time.time())
        granted = [(await limiter.link.run(wanted.take(50)))[0] for _ in range(3)]
        assert granted == [25, 18, 14]

    with_limiters(work, 1)


def test_a_month_that_was_used_up_takes_nothing_from_the_next() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(HUNDRED)
        this_month, _ = period_of("month", datetime.now(UTC))
        blob = struct.pack("<8d", 0, 0, 0, this_month - 1, 100, 0, 0, 0)
        name = frames.build(key, 1, time.time()).keys[0]
        await limiter.link.ask(pack("SET", name, blob))
        verdict = (await several(limiter, key, 1))[0]
        assert verdict.granted
        assert verdict.numbers[0] == 99

    with_limiters(work, 1)


def test_a_month_that_ends_by_valkeys_clock_only_has_ended() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(HUNDRED)
        late = frames.build(key, 1, time.time() - 31 * 86_400)
        late.ends = time.time() + 1  # what a gateway believes whose clock is behind
        key.prepared["limit", 1] = late
        left, reset = (await several(limiter, key, 1))[0].numbers
        assert left == 99
        assert 0 < reset <= 31 * 86_400 * 1_000_000

    with_limiters(work, 1)


def test_what_time_gave_back_already_is_not_given_back_twice() -> None:
    async def work(one: Limiter, other: Limiter) -> None:
        key = credential(Policy("burst", "rate", "application", 300, window=10))
        frame = frames.build(key, 1, time.time())
        told = await one.link.run(frame.take(20))
        granted = Lease(frame.slots, told[4:], told[0], told[3])
        assert granted.left == 20
        await asyncio.sleep(0.3)  # Without the lease the limit would have been whole all the time.
        await other.link.run(frame.one)
        await one.link.run(frame.give_back(granted))
        left = (await other.look(copy(key))).numbers[0]
        assert 297 <= left <= 299

    with_limiters(work, 2)


def test_those_who_call_while_a_lease_is_on_its_way_wait_for_it() -> None:
    async def work(limiter: Limiter) -> None:
        key, asked = credential(Policy("burst", "rate", "application", 10_000, window=1)), 0
        run = limiter.link.run

        async def counted(frame: bytes) -> Any:
            nonlocal asked
            asked += 1
            return await run(frame)

        limiter.link.run = counted  # type: ignore[method-assign]  # a spy
        await asyncio.gather(*[limiter.decide(key, 1) for _ in range(64)])
        await limiter.stop()
        asked = 0
        verdicts = await asyncio.gather(*[limiter.decide(key, 1) for _ in range(64)])
        assert asked == 1
        assert Counter(verdict.by for verdict in verdicts) == {"valkey": 1, "lease": 63}
        lefts = [verdict.numbers[0] for verdict in verdicts]
        assert lefts == sorted(set(lefts), reverse=True)

    with_limiters(work, 1)


def test_who_waits_for_a_lease_that_does_not_come_is_decided_without() -> None:
    async def work(limiter: Limiter) -> None:
        key = credential(Policy("burst", "rate", "application", 10_000, window=1))
        await asyncio.gather(*[limiter.decide(key, 1) for _ in range(64)])
        await limiter.stop()

        async def lost(frame: bytes) -> Any:
            await asyncio.sleep(0.01)
            raise Down

        limiter.link.run = lost  # type: ignore[method-assign]  # a spy
        verdicts = await asyncio.gather(*[limiter.decide(key, 1) for _ in range(64)])
        assert Counter(verdict.by for verdict in verdicts) == {"mirror": 64}

    with_limiters(work, 1)
