"""A gateway that starts before PostgreSQL does."""

import time
from collections.abc import Callable

from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.gateway.test_outages import Door, door

__all__ = ["door"]


def test_without_a_catalog_it_says_when_to_come_back_and_passes_nothing_on(
    gateway: Gateway, launch: Callable[..., Gateway], key: Issued, door: Door, upstream: StandIn
) -> None:
    # Another gateway has left the key in Valkey: who calls is known, what he calls is not.
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    door.shut()
    late = launch(ready=False)
    assert late.client.get("/readyz").status_code == 503
    answer = late.client.get("/shop/v1/echo?before", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (503, "catalog_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["ratelimit"]
    assert upstream.seen("?before") == []
    door.open()
    deadline = time.monotonic() + 10
    while late.client.get("/shop/v1/echo", headers=bearer(key)).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
