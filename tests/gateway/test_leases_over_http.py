"""Requests granted in advance, as callers of real gateways see them: no limit gives way."""

import re
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import NamedTuple

import pytest
import redis

from apps.keys.services import Issued
from gateway.lease import LIFE
from tests.gateway.process import Gateway
from tests.gateway.test_limits import quota, rate

Issue = Callable[..., Issued]
CALLERS = 12
LEFT = re.compile(r'"month";r=(-?\d+);')


class Call(NamedTuple):
    """One answer: when it was asked for and there, its status and what it said is left."""

    began: float
    ended: float
    status: int
    left: int


class Crowd:
    """Callers in threads of their own, each with one connection to one of the gateways."""

    def __init__(self, key: Issued, *gateways: Gateway) -> None:
        self.headers = {"Authorization": f"Bearer {key.secret}"}
        self.ports = [gateways[n % len(gateways)].port for n in range(CALLERS)]
        self.calls: list[Call] = []

    def run(self, going: Callable[[list[Call]], bool]) -> list[Call]:
        """Call for as long as ``going`` says of a caller's own calls, and return all of them."""
        threads = [threading.Thread(target=self._call, args=[port, going]) for port in self.ports]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(self.calls)

    def _call(self, port: int, going: Callable[[list[Call]], bool]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=15)
        mine: list[Call] = []
        while going(mine):
            began = time.monotonic()
            connection.request("GET", "/shop/v1/echo", headers=self.headers)
            answer = connection.getresponse()
            answer.read()
            [left] = LEFT.findall(answer.headers["ratelimit"])
            mine.append(Call(began, time.monotonic(), answer.status, int(left)))
        connection.close()
        self.calls += mine


def until_refused(mine: list[Call]) -> bool:
    """Go on until every lease that could come back has done so, and nothing was granted."""
    served = [call.ended for call in mine if call.status == 200]
    return not mine or mine[-1].ended - max(served, default=mine[0].began) < 6 * LIFE


def admitted(calls: list[Call]) -> int:
    assert {call.status for call in calls} <= {200, 429}
    return sum(call.status == 200 for call in calls)


@pytest.mark.parametrize("limit", [19, 500])
@pytest.mark.parametrize("gateways", [1, 2])
def test_a_crowd_is_admitted_exactly_as_often_as_it_may(
    gateway: Gateway, twin: Gateway, issue: Issue, limit: int, gateways: int
) -> None:
    key = issue(limits=[quota(limit), rate(100_000, 1)])
    calls = Crowd(key, *[gateway, twin][:gateways]).run(until_refused)
    assert admitted(calls) == limit
    assert min(call.left for call in calls) == 0


def test_one_gateway_never_says_that_more_is_left_than_before_or_than_is(
    gateway: Gateway, issue: Issue
) -> None:
    key = issue(limits=[quota(500), rate(100_000, 1)])
    calls = Crowd(key, gateway).run(until_refused)
    for after in calls:
        before = [call for call in calls if call.ended < after.began]
        assert after.left <= min((call.left for call in before), default=500)
        assert after.left <= 500 - admitted(before)


def test_a_lease_that_is_handed_back_changes_nothing_that_is_said(
    gateway: Gateway, issue: Issue
) -> None:
    key = issue(limits=[quota(1000), rate(100_000, 1)])
    crowd, said = Crowd(key, gateway), [1000]
    for burst in range(1, 5):
        calls = crowd.run(lambda mine: len(mine) < 4)
        assert len(calls) == admitted(calls) == burst * 4 * CALLERS
        time.sleep(3 * LIFE)  # Whatever was leased and not used has gone back.
        said.append(min(call.left for call in calls))
    assert said == [1000 - burst * 4 * CALLERS for burst in range(5)]


def test_most_calls_need_no_question_and_both_gateways_agree_afterwards(
    gateway: Gateway, twin: Gateway, issue: Issue, store: redis.Redis
) -> None:
    def questions() -> int:
        return int(store.info("commandstats")["cmdstat_evalsha"]["calls"])

    key = issue(limits=[quota(100_000), rate(100_000, 1)])
    asked = questions()
    calls = Crowd(key, gateway, twin).run(lambda mine: len(mine) < 100)
    asked = questions() - asked
    assert admitted(calls) == 100 * CALLERS
    assert asked < len(calls) / 2
    time.sleep(6 * LIFE)
    for number, one in enumerate((gateway, twin), start=1):
        answer = one.client.get("/shop/v1/echo", headers={"Authorization": f"Bearer {key.secret}"})
        [left] = LEFT.findall(answer.headers["ratelimit"])
        assert int(left) == 100_000 - 100 * CALLERS - number


def test_two_gateways_never_admit_more_than_a_rate(
    gateway: Gateway, twin: Gateway, issue: Issue
) -> None:
    key = issue(limits=[rate(200, 2, "month")])
    began = time.monotonic()
    calls = Crowd(key, gateway, twin).run(lambda mine: time.monotonic() - began < 2)
    entitled = 200 + 100 * (max(call.ended for call in calls) - calls[0].began)
    assert entitled * 0.8 <= admitted(calls) <= entitled
