"""A Valkey that lost its data is told what was used of quotas, and gateways go on from there."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from apps.keys.services import Issued
from apps.plans import layout
from apps.usage import ingest, quotas
from box.paths import Home
from box.valkey import Valkey
from gateway.heartbeat import EVERY
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.test_limits import left, quota, rate


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


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that may be killed."""
    server = Valkey(Home(tmp_path_factory.mktemp("valkey")), durable=False)
    server.start()
    yield server
    server.stop()


def test_two_gateways_without_valkey_admit_no_more_than_one_would(
    launch: Callable[..., Gateway], issue: Callable[..., Issued], valkey: Valkey
) -> None:
    gateways = [launch(VALKEY_URL=valkey.url()) for _ in range(2)]
    key = issue(limits=[rate(40, 1), quota(150, "day", "day")])
    time.sleep(EVERY + 1)  # Each knows by then that there are two.
    began = time.monotonic()
    for gateway in gateways:
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    assert valkey.process is not None
    valkey.process.kill()
    valkey.process.wait()

    def hammer(gateway: Gateway) -> Counter[str]:
        told: Counter[str] = Counter()
        while time.monotonic() - began < 3.5:
            answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
            told[answer.json().get("code", "passed")] += 1
        return told

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(hammer, gateways)
    assert set(one | other) <= {"passed", "limit_reached", "quota_reached"}
    entitled = min(40 + 40 * (time.monotonic() - began), 150)
    assert one["passed"] + other["passed"] + 2 <= entitled * 1.05
    assert one["quota_reached"] + other["quota_reached"] > 0


def test_what_was_used_before_valkey_died_stays_used(
    launch: Callable[..., Gateway], issue: Callable[..., Issued], valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    key = issue(limits=[rate(30, 60)])

    def admitted() -> int:
        answers = [gateway.client.get("/shop/v1/echo", headers=bearer(key)) for _ in range(40)]
        return sum(answer.status_code == 200 for answer in answers)

    began = time.monotonic()
    before = admitted()
    assert valkey.process is not None
    valkey.process.kill()
    valkey.process.wait()
    time.sleep(2.2)  # Without messages who calls is looked up again.
    assert before >= 30
    assert before + admitted() <= 30 + (time.monotonic() - began) / 2 + 1


def test_what_was_admitted_without_valkey_counts_when_it_is_back(
    launch: Callable[..., Gateway], issue: Callable[..., Issued], valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    key = issue(limits=[rate(30, 10), quota(100)])
    with redis.Redis.from_url(valkey.url()) as client:
        client.set(layout.WHOLE, 1)

    def admitted() -> int:
        answers = [gateway.client.get("/shop/v1/echo", headers=bearer(key)) for _ in range(40)]
        return sum(answer.status_code == 200 for answer in answers)

    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    began = time.monotonic()
    assert valkey.process is not None
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        without = admitted()
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)
    while not gateway.client.get("/readyz").json()["valkey"]:
        assert time.monotonic() - began < 10
    again = admitted()
    assert without >= 28
    assert 1 + without + again <= 30 + 3 * (time.monotonic() - began) + 1
    with redis.Redis.from_url(valkey.url()) as client:
        assert client.get(layout.WHOLE) is None  # Quotas are told anew from what was recorded.


def test_places_hold_while_valkey_is_dead_and_count_again_when_it_is_back(
    launch: Callable[..., Gateway], issue: Callable[..., Issued], valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    places = {"name": "parallel", "kind": "concurrency", "limit": 3}
    key = issue(limits=[places])
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    assert valkey.process is not None
    valkey.process.kill()
    valkey.process.wait()
    time.sleep(1)

    def crowd() -> Counter[int]:
        def call(_: int) -> int:
            return gateway.client.get("/shop/v1/slow/1", headers=bearer(key)).status_code

        with ThreadPoolExecutor(6) as pool:
            return Counter(pool.map(call, range(6)))

    assert crowd() == {200: 3, 429: 3}
    valkey.start()
    time.sleep(1)
    assert crowd() == {200: 3, 429: 3}
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
