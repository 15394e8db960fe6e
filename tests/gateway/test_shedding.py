"""When there is too much, what the operator calls low makes way first."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.keys.services import Issued
from gateway.problems import Overloaded
from gateway.shedding import Shedding
from tests.gateway.conftest import bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn


@pytest.mark.parametrize(("priority", "fit"), [("low", 60), ("normal", 80), ("high", 100)])
def test_each_priority_has_its_room(priority: str, fit: int) -> None:
    shedding = Shedding(100)
    shedding.size = fit
    shedding.check(priority)
    shedding.size += 1
    with pytest.raises(Overloaded):
        shedding.check(priority)
    assert shedding.least == 60


@pytest.mark.parametrize("priority", ["low", "high"])
def test_a_crowded_gateway_serves_what_goes_first(
    launch: Callable[..., Gateway],
    key: Issued,
    policed: Policed,
    service: StandIn,
    priority: str,
) -> None:
    gateway = launch(TRELLIS_GATEWAY_CAPACITY="10")
    headers = bearer(key)

    def slow(_: int) -> int:
        return gateway.client.get("/shop/v1/slow/2", headers=headers).status_code

    with policed(priority=priority), ThreadPoolExecutor(7) as pool:
        gateway.client.get("/books/v1/echo", headers=headers)
        service.requests.clear()
        busy = [pool.submit(slow, number) for number in range(7)]
        time.sleep(0.8)
        before = gateway.client.get("/shop/v1/free", headers=headers).headers["ratelimit"]
        answer = gateway.client.get("/books/v1/echo", headers=headers)
        after = gateway.client.get("/shop/v1/free", headers=headers).headers["ratelimit"]
        assert {done.result() for done in busy} == {200}
    if priority == "high":
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    assert service.requests == []
    assert before.partition(";t")[0] == after.partition(";t")[0]  # It cost nothing.
