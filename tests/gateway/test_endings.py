"""A version says that it ends, and then it has ended."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from apps.catalog.models import ApiVersion, Operation
from apps.keys import services as keys
from apps.keys.services import Issued
from tests.gateway.conftest import World, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

Ending = Callable[..., AbstractContextManager[None]]
SINCE = datetime(2026, 5, 1, tzinfo=UTC)
GUIDE = "<http://portal.test/docs/moving/books/v1>"


@pytest.fixture
def ending(world: World, api: str, policed: Policed) -> Ending:
    """A block in which the version of the API has dates."""

    @contextmanager
    def under(**dates: Any) -> Iterator[None]:
        with world():
            ApiVersion.objects.filter(api=api).update(**dates)
        try:
            with policed():
                yield
        finally:
            with world():
                ApiVersion.objects.filter(api=api).update(deprecated_at=None, sunset_at=None)

    return under


def test_every_answer_of_a_deprecated_version_says_so(
    gateway: Gateway, key: Issued, ending: Ending
) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    with ending(deprecated_at=SINCE, sunset_at=ends):
        good = gateway.client.get("/books/v1/echo", headers=bearer(key))
        bad = gateway.client.get("/books/v1/problem/409", headers=bearer(key))
        other = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert (good.status_code, bad.status_code) == (200, 409)
    for answer in (good, bad):
        assert answer.headers["deprecation"] == f"@{int(SINCE.timestamp())}"
        assert parsedate_to_datetime(answer.headers["sunset"]) == ends
        told = answer.headers["link"]
        assert f'{GUIDE}; rel="deprecation"' in told
        assert f'{GUIDE}; rel="sunset"' in told
    assert not {"deprecation", "sunset", "link"} & other.headers.keys()


def test_after_its_end_a_version_is_gone_and_costs_nothing(
    gateway: Gateway, key: Issued, ending: Ending, service: StandIn
) -> None:
    ended = datetime.now(UTC) - timedelta(seconds=5)
    with ending(deprecated_at=SINCE, sunset_at=ended):
        before = gateway.client.get("/shop/v1/free", headers=bearer(key)).headers["ratelimit"]
        answer = gateway.client.get("/books/v1/echo", headers=bearer(key))
        after = gateway.client.get("/shop/v1/free", headers=bearer(key)).headers["ratelimit"]
        assert service.requests == []
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (410, "version_retired")
    assert f"ended on {ended:%Y-%m-%d}" in problem["detail"]
    assert "http://portal.test/docs/moving/books/v1" in problem["detail"]
    assert GUIDE in answer.headers["link"]
    assert before.partition(";t")[0] == after.partition(";t")[0]


def test_the_end_comes_by_itself(gateway: Gateway, key: Issued, ending: Ending) -> None:
    with ending(sunset_at=datetime.now(UTC) + timedelta(seconds=2.5)):
        assert gateway.client.get("/books/v1/echo", headers=bearer(key)).status_code == 200
        time.sleep(2.6)
        assert gateway.client.get("/books/v1/echo", headers=bearer(key)).status_code == 410


def test_an_operation_may_be_deprecated_alone(
    world: World, api: str, gateway: Gateway, key: Issued, ending: Ending
) -> None:
    with world():
        Operation.objects.filter(version__api=api, path="/echo").update(deprecated=True)
    try:
        with ending():
            old = gateway.client.get("/books/v1/echo", headers=bearer(key))
            new = gateway.client.get("/books/v1/books/1", headers=bearer(key))
    finally:
        with world():
            Operation.objects.filter(version__api=api).update(deprecated=False)
    assert old.headers["deprecation"].startswith("@1")
    assert "sunset" not in old.headers
    assert "deprecation" not in new.headers


def test_the_end_of_a_key_outranks_that_of_a_version(
    gateway: Gateway, key: Issued, world: World, ending: Ending
) -> None:
    with ending(deprecated_at=SINCE):
        with world():
            keys.rotate(key.key, actor=key.key.created_by)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            answer = gateway.client.get("/books/v1/echo", headers=bearer(key))
            if "docs/keys" in answer.headers["link"]:
                break
    assert answer.headers["deprecation"] != f"@{int(SINCE.timestamp())}"
    assert answer.headers.get_list("deprecation") == [answer.headers["deprecation"]]
    assert "docs/moving" not in answer.headers["link"]
