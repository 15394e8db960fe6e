"""Other limits for a while reach gateways at once, and end by themselves."""

import time
from collections.abc import Callable
from datetime import timedelta

from apps.applications.models import Application
from apps.core import clock
from apps.keys.services import Issued
from apps.plans import overrides
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.test_limits import left, quota, rate

Issue = Callable[..., Issued]


def test_an_override_holds_within_a_second_and_ends_by_itself_to_the_second(
    gateway: Gateway, twin: Gateway, issue: Issue, world: World
) -> None:
    key = issue(limits=[rate(2, 3600, "hour"), quota(1000)])
    for one in (gateway, twin):
        answer = one.client.get("/shop/v1/echo", headers=bearer(key))
    assert left(answer.headers["ratelimit"])["hour"][0] == 0
    ends_at = clock.real() + timedelta(seconds=5)
    with world():
        application = Application.objects.get(pk=key.key.application_id)
        overrides.override(
            application,
            limits=[rate(50, 3600, "hour"), rate(900, 1, "extra")],
            ends_at=ends_at,
            reason="A migration.",
            actor=None,
        )
    time.sleep(0.9)
    for number, one in enumerate((gateway, twin)):
        answer = one.client.get("/shop/v1/echo", headers=bearer(key))
        assert answer.status_code == 200
        told = left(answer.headers["ratelimit"])
        assert list(told) == ["hour", "extra", "month"]
        assert told["month"][0] == 997 - number
        assert '"hour";q=50' in answer.headers["ratelimit-policy"]
    time.sleep(max(0.0, ends_at.timestamp() - 0.4 - time.time()))
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert '"hour";q=50' in answer.headers["ratelimit-policy"]
    time.sleep(max(0.0, ends_at.timestamp() + 0.05 - time.time()))
    for one in (gateway, twin):
        answer = one.client.get("/shop/v1/echo", headers=bearer(key))
        assert '"hour";q=2;w=3600, "month"' in answer.headers["ratelimit-policy"]


def test_an_override_that_is_ended_early_is_gone_within_a_second(
    gateway: Gateway, issue: Issue, world: World
) -> None:
    key = issue(limits=[quota(3)])
    with world():
        application = Application.objects.get(pk=key.key.application_id)
        made = overrides.override(
            application,
            limits=[quota(30)],
            ends_at=clock.real() + timedelta(hours=1),
            reason="A migration.",
            actor=None,
        )
    for _ in range(5):
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    with world():
        overrides.end(made, reason="It is over.", actor=None)
    time.sleep(0.9)
    refused = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert (refused.status_code, refused.json()["limit"]) == (429, "month")
