"""Services behind the gateway over real HTTP: shares, failures, rests, and who knows of them."""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, Upstream
from apps.core import caller as callers
from apps.keys.services import Issued
from apps.orgs import services as orgs
from apps.orgs.models import Organization
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.support import make

NUMBERS = count(1)
SLUG = "pair"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pair"},
    "paths": {
        path: {"get": {"x-trellis-scopes": ["shop:read"], "operationId": path}}
        for path in ("/echo", "/slow/{seconds}", "/files/{path}", "/pets/{id}.json")
    },
}
DOCUMENT["paths"]["/files/{path}"]["parameters"] = [
    {"name": "path", "in": "path", "x-multi-segment": True}
]
PLAIN: dict[str, Any] = {}
WATCHED = {"health": {"path": "/healthz", "every": 0.2, "after": 1}}


class Service(StandIn):
    """A stand-in that can fall ill."""

    ill = False

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if self.ill:
            await self._say(writer, 503, b"{}")
        else:
            await super()._answer(request, writer)

    @property
    def called(self) -> int:
        """How many requests it got that were not about its health."""
        return len([one for one in self.requests if one["target"] != "/healthz"])


@pytest.fixture
def two() -> Iterator[tuple[Service, Service]]:
    """Two services."""
    made = Service(), Service()
    for service in made:
        service.start()
    yield made
    for service in made:
        if service._thread.is_alive():
            service.stop()


Serve = Callable[..., None]


@pytest.fixture
def serve(world: World, gateway: Gateway, key: Issued) -> Iterator[Serve]:
    """Describe the upstream of the API; returns once the gateway follows."""

    def one(
        *services: Service, weights: tuple[int, ...] = (1, 1), settings: Any = None, **more: Any
    ) -> None:
        pairs = zip(services, weights, strict=False)
        targets = {service.url: weight for service, weight in pairs}
        document = DOCUMENT | {"info": {"title": "Pair", "version": str(next(NUMBERS))}}
        with world():
            upstream = serving.set_upstream(
                SLUG, targets=targets, settings=settings or PLAIN, actor=None
            )
            catalog.publish(
                SLUG,
                major=1,
                document=document,
                upstream=upstream,
                **{"base": "/shop/v1", "visibility": "public", **more},
            )
        known = {service: service.called for service in services}
        until(lambda: ask(gateway, key, "/echo") == 200)
        until(lambda: any(service.called > known[service] for service in services) or _ask())
        for service in services:
            service.requests.clear()

    def _ask() -> bool:
        ask(gateway, key, "/echo")
        return False

    yield one
    with world():
        for api in Api.objects.filter(slug=SLUG):
            catalog.withdraw(api, actor=None)
        for upstream in Upstream.objects.filter(slug=SLUG):
            serving.remove_upstream(upstream, actor=None)


def ask(gateway: Gateway, key: Issued, path: str) -> int:
    return gateway.client.get(f"/{SLUG}/v1{path}", headers=bearer(key)).status_code


def code(gateway: Gateway, key: Issued, path: str) -> str:
    answer = gateway.client.get(f"/{SLUG}/v1{path}", headers=bearer(key))
    return "" if answer.status_code == 200 else str(answer.json().get("code", answer.status_code))


def until(happens: Callable[[], object], within: float = 5.0) -> float:
    began = time.monotonic()
    while not happens():
        assert time.monotonic() - began < within
        time.sleep(0.02)
    return time.monotonic() - began


def test_targets_get_their_shares(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    serve(*two, weights=(3, 1))
    assert Counter(ask(gateway, key, "/echo") for _ in range(40)) == {200: 40}
    assert [service.called for service in two] == [30, 10]


def test_a_target_without_weight_gets_nothing(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    serve(*two, weights=(1, 0))
    assert Counter(ask(gateway, key, "/echo") for _ in range(10)) == {200: 10}
    assert [service.called for service in two] == [10, 0]


def test_the_requests_of_a_dead_target_go_elsewhere(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    serve(*two)
    two[1].stop()
    assert Counter(ask(gateway, key, "/echo") for _ in range(10)) == {200: 10}
    assert two[0].called == 10


def test_a_target_that_is_not_well_is_left_alone_until_it_is(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    # Who is well may miss one look on a busy machine, not two of half a second each.
    serve(*two, settings={"health": {"path": "/healthz", "every": 0.5, "after": 2}})
    two[1].ill = True

    def alone() -> bool:
        before = two[1].called
        return all(ask(gateway, key, "/echo") == 200 for _ in range(6)) and (
            two[1].called == before
        )

    until(alone, 20)
    assert two[1].requests[-1]["target"] == "/healthz"
    two[1].ill, before = False, two[1].called
    until(lambda: ask(gateway, key, "/echo") and two[1].called > before, 20)


def test_nobody_is_well(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    serve(*two, settings=WATCHED)
    two[0].ill = two[1].ill = True
    until(lambda: code(gateway, key, "/echo") == "upstream_down")
    two[0].ill = two[1].ill = False
    until(lambda: ask(gateway, key, "/echo") == 200)


def test_a_service_that_fails_is_given_a_rest_and_tried_again(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    breaker = {"ratio": 0.5, "requests": 4, "window": 10, "pause": 0.5}
    serve(two[0], settings={"breaker": breaker})
    two[0].ill = True
    until(lambda: code(gateway, key, "/echo") == "upstream_resting")
    before = two[0].called
    answer = gateway.client.get(f"/{SLUG}/v1/echo", headers=bearer(key))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert two[0].called == before
    two[0].ill = False
    assert until(lambda: ask(gateway, key, "/echo") == 200) > 0.1
    assert {ask(gateway, key, "/echo") for _ in range(5)} == {200}


def test_a_service_has_so_many_requests_at_once_and_no_more(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued
) -> None:
    serve(two[0], settings={"concurrency": 2})
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(ask, gateway, key, "/slow/1.5") for _ in range(2)]
        until(lambda: two[0].called == 2)
        assert code(gateway, key, "/echo") == "upstream_crowded"
        assert [one.result() for one in slow] == [200, 200]
    assert two[0].called == 2
    assert ask(gateway, key, "/echo") == 200


@pytest.mark.parametrize(
    ("base", "path", "seen"),
    [
        ("", "/echo?a=%C3%A9", "/echo?a=%C3%A9"),
        ("/deep/api", "/echo", "/deep/api/echo"),
        ("", "/files/a/b%20c/d", "/files/a/b%20c/d"),
        ("/x", "/pets/7.json", "/x/pets/7.json"),
    ],
)
def test_a_path_is_written_below_the_versions_base_and_the_caller_vouched_for(
    serve: Serve,
    two: tuple[Service, Service],
    *,
    gateway: Gateway,
    key: Issued,
    base: str,
    path: str,
    seen: str,
) -> None:
    serve(two[0], base=base)
    assert ask(gateway, key, path) == 200
    (request,) = two[0].requests
    assert request["target"] == seen
    headers = dict(request["headers"])
    assert headers["host"] == two[0].url.removeprefix("http://")
    root = bytes.fromhex(os.environ["TRELLIS_CALLER_KEY"])
    known = callers.verify(
        headers["trellis-caller"],
        audience=SLUG,
        method="GET",
        path=seen.partition("?")[0].replace("%20", " "),
        key=callers.key_for(SLUG, root),
        now=time.time(),
    )
    assert (known.credential, known.application) == (key.key.pk, key.key.application_id)
    with pytest.raises(callers.Refused):
        callers.verify(
            headers["trellis-caller"],
            audience="shop",
            method="GET",
            path=seen,
            key=callers.key_for("shop", root),
            now=time.time(),
        )


def test_changed_targets_are_followed_within_a_second_and_no_request_is_lost(
    serve: Serve, two: tuple[Service, Service], gateway: Gateway, key: Issued, world: World
) -> None:
    serve(two[0])
    ended, answers = threading.Event(), Counter[int]()

    def call() -> None:
        while not ended.is_set():
            answers[ask(gateway, key, "/slow/0.02")] += 1

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: two[0].called > 20)
        with world():
            serving.set_upstream(SLUG, targets={two[1].url: 1}, actor=None)
        assert until(lambda: two[1].called) < 1
        moved = two[0].called
        until(lambda: two[1].called > 20)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert set(answers) == {200}
    assert two[0].called - moved <= len(threads)


def test_who_may_not_know_of_an_api_gets_the_answer_for_one_that_never_was(
    serve: Serve,
    two: tuple[Service, Service],
    *,
    gateway: Gateway,
    key: Issued,
    issue: Callable[..., Issued],
    world: World,
) -> None:
    serve(two[0])
    stranger = issue()
    with world():
        api = Api.objects.get(slug=SLUG)
        catalog.change_api(api, visibility="partner", reason="Ours.", actor=None)
        own = Organization.objects.get(pk=key.key.application.organization_id)
        catalog.set_partners(api, organizations=[own], actor=None)
    took = until(lambda: ask(gateway, stranger, "/echo") == 404)
    assert took < 1
    for path in ("/v1/echo", "/v1", "/v9/echo", "/v1/none", "", "/v1/pets/7.json"):
        hidden = gateway.client.get(f"/{SLUG}{path}", headers=bearer(stranger))
        never = gateway.client.get(f"/never{path}", headers=bearer(stranger))
        assert hidden.status_code == never.status_code == 404
        assert _without_names(hidden.json()) == _without_names(never.json())
        assert hidden.headers.keys() == never.headers.keys()
    post = gateway.client.post(f"/{SLUG}/v1/echo", headers=bearer(stranger), json={})
    assert post.json()["code"] == "operation_unknown"
    assert ask(gateway, key, "/echo") == 200
    well_known = f"/.well-known/oauth-protected-resource/{SLUG}/v1"
    assert gateway.client.get(well_known).status_code == 404
    two[0].requests.clear()
    with world():
        catalog.change_api(api, visibility="internal", actor=None)
    until(lambda: ask(gateway, key, "/echo") == 404)
    with world():
        orgs.set_internal(own, internal=True, reason="Ours.", actor=make.operator())
    assert until(lambda: ask(gateway, key, "/echo") == 200) < 1
    assert ask(gateway, stranger, "/echo") == 404
    with world():
        orgs.set_internal(own, internal=False, reason="Not ours.", actor=make.operator())
    until(lambda: ask(gateway, key, "/echo") == 404)


def _without_names(document: dict[str, Any]) -> dict[str, Any]:
    hidden = {name: value for name, value in document.items() if name != "request_id"}
    hidden["instance"] = ""
    return {name: str(value).replace(SLUG, "never") for name, value in hidden.items()}
