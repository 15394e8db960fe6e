"""A Valkey that lost its data is told what was used of quotas, and gateways go on from there."""

import time
from collections.abc import Callable

import redis

from apps.keys.services import Issued
from apps.usage import ingest, quotas
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.test_limits import left, quota


def test_a_quota_goes_on_where_it_was_after_valkey_lost_everything(
    gateway: Gateway, issue: Callable[..., Issued], world: World, store: redis.Redis
) -> None:
    key = issue(limits=[quota(100)])
    for _ in range(30):
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    time.sleep(1)
    with world():
        ingest.once(wait=None)
    store.flushdb()
    with world():
        quotas.restore()
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert left(answer.headers["ratelimit"])["month"][0] == 69
