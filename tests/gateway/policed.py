"""An API that is served elsewhere, under whatever policy a test gives it."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from apps.catalog.models import Api, ApiVersion, Operation, Target, Upstream
from apps.core.invalidation import announce
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

World = Callable[[], AbstractContextManager[None]]
Policed = Callable[..., AbstractContextManager[None]]
NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def service() -> Iterator[StandIn]:
    """Another service, which answers with the request that it got."""
    made = StandIn()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def api(world: World, service: StandIn, gateway: Gateway) -> str:
    """An API that is served elsewhere, below another path."""
    with world():
        upstream = Upstream.objects.create(slug="elsewhere")
        Target.objects.create(upstream=upstream, url=service.url)
        made = Api.objects.create(slug="books", name="Books", backend=Api.Backend.UPSTREAM)
        version = ApiVersion.objects.create(
            api=made, major=1, document={}, digest="", upstream=upstream, base="/shop/v1"
        )
        paths = ["/echo", "/books/{id}", "/chunked", "/slow/{seconds}", "/status/{number}"]
        paths += ["/cached/{how}", "/events/{count}", "/problem/{status}"]
        both = ((path, method) for path in (*paths, "/reset") for method in ("GET", "POST"))
        for path, method in both:
            Operation.objects.create(
                version=version, name=f"{method} {path}", method=method, path=path
            )
    return made.pk


@pytest.fixture
def policed(world: World, api: str, gateway: Gateway, service: StandIn) -> Policed:
    """A block in which the API has a policy."""

    @contextmanager
    def under(**policy: Any) -> Iterator[None]:
        known = _tables(gateway)
        with world():
            # The number makes each a change, which the gateway reports when it follows it.
            fresh = {**policy, "retries": next(NUMBERS) % 5}
            Api.objects.filter(pk=api).update(policy=fresh)
            announce([], "catalog:")
        deadline = time.monotonic() + 5
        while _tables(gateway) == known and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _tables(gateway) > known
        service.requests.clear()
        try:
            yield
        finally:
            with world():
                Api.objects.filter(pk=api).update(policy={})

    return under


def _tables(gateway: Gateway) -> int:
    """Return how many catalogs the gateway has followed."""
    return gateway.log.read_text().count("The catalog has")
