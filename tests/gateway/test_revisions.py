"""A caller is served in the revision of its application; the service speaks the newest only."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from apps.applications import pins
from apps.applications.models import Application, Pin
from apps.catalog import revisions
from apps.catalog.models import Api, ApiVersion, Operation, Target, Upstream
from apps.core.invalidation import announce
from apps.keys.services import Issued
from gateway.authz import hand_over
from gateway.problems import PolicyNeedsGateway
from gateway.routes import Routes, Table
from gateway.store import OperationRow
from tests.gateway.conftest import World, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.revised import history
from tests.gateway.standin import StandIn

OLDEST, MIDDLE, NEWEST = history.names
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Papers", "version": "1"},
    "paths": {
        "/echo": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["c"],
                                "properties": {"c": {"type": "integer"}},
                            }
                        }
                    }
                },
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"example": {"target": "here"}}},
                    }
                },
            }
        }
    },
}


@pytest.fixture(scope="module")
def api(world: World, service: StandIn) -> Iterator[str]:
    """An API with three revisions, served elsewhere."""
    paths = ["/echo", "/cached/{how}", "/events/{count}", "/problem/{status}"]
    paths += ["/status/{number}", "/large/{bytes}", "/chunked"]
    with world():
        upstream = Upstream.objects.create(slug="archive")
        Target.objects.create(upstream=upstream, url=service.url)
        made = Api.objects.create(slug="papers", name="Papers", backend=Api.Backend.UPSTREAM)
        version = ApiVersion.objects.create(
            api=made, major=1, document=DOCUMENT, digest="", upstream=upstream, base="/shop/v1"
        )
        for path in paths:
            for method in ("GET", "POST"):
                Operation.objects.create(
                    version=version, name=f"{method} {path}", method=method, path=path
                )
    yield made.pk
    with world():
        made.delete()
        announce([], "catalog:")


@pytest.fixture
def at(world: World, issue: Callable[..., Issued]) -> Callable[[str], dict[str, str]]:
    """Return what carries the key of an application that is pinned to a revision."""

    def one(revision: str) -> dict[str, str]:
        issued = issue()
        with world():
            if revision:
                Pin.objects.create(
                    application=issued.key.application, version="papers/v1", revision=revision
                )
        return bearer(issued)

    return one


At = Callable[[str], dict[str, str]]


def asking(revision: str) -> dict[str, str]:
    return {"Trellis-Version": revision}


def named(answer: httpx.Response) -> str:
    """Return which name an answer has for the place, and check that it has no other."""
    name: str
    (name,) = {"where", "address", "target"} & answer.json().keys()
    return name


def test_each_caller_is_served_in_its_own_revision(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    expected = {"": "where", OLDEST: "where", MIDDLE: "address", NEWEST: "target"}
    with policed():
        for pin, name in expected.items():
            answer = gateway.client.get("/papers/v1/echo?q=1&x=a%20b", headers=at(pin))
            assert named(answer) == name
            assert answer.headers["trellis-version"] == (pin or OLDEST)
            assert "Trellis-Version" in answer.headers["vary"]
            key = "q" if pin == NEWEST else "query"
            blank = "%20" if pin == NEWEST else "+"
            assert answer.json()[name] == f"/shop/v1/echo?{key}=1&x=a{blank}b"
            told = [v for n, v in service.requests[-1]["headers"] if n == "trellis-version"]
            assert told == [NEWEST]


def test_a_header_tries_another_revision_for_one_request(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    old = at(OLDEST)
    with policed(cors=["https://shop.example"]):
        tried = gateway.client.get(
            "/papers/v1/echo",
            headers={**old, **asking(NEWEST), "Origin": "https://shop.example"},
        )
        after = gateway.client.get("/papers/v1/echo", headers=old)
    assert (named(tried), tried.headers["trellis-version"]) == ("target", NEWEST)
    assert "Trellis-Version" in tried.headers["access-control-expose-headers"]
    assert [v for n, v in service.requests[0]["headers"] if n == "trellis-version"] == [NEWEST]
    assert (named(after), after.headers["trellis-version"]) == ("where", OLDEST)


@pytest.mark.parametrize("asked", ["2026-11-01", "newest", "2026-1-1", "", "v1", "\xff"])
def test_a_revision_that_the_version_has_not_is_refused_with_those_it_has(
    gateway: Gateway, policed: Policed, at: At, service: StandIn, asked: str
) -> None:
    with policed():
        headers = [*at(OLDEST).items(), ("Trellis-Version", asked.encode("latin-1"))]
        answer = gateway.client.get("/papers/v1/echo", headers=headers)  # type: ignore[arg-type]  # httpx takes bytes, too
        assert service.requests == []
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "revision_unknown")
    assert problem["param"] == "Trellis-Version"
    assert f"There are: {OLDEST}, {MIDDLE}, {NEWEST}." in problem["detail"]
    assert "trellis-version" not in answer.headers


def test_a_version_without_revisions_says_and_refuses_nothing(
    gateway: Gateway, key: Issued
) -> None:
    answer = gateway.client.get("/shop/v1/echo", headers={**bearer(key), **asking("anything")})
    assert answer.status_code == 200
    assert "trellis-version" not in answer.headers


def test_a_body_goes_through_every_revision_between(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    sent = {OLDEST: {"a": 1}, MIDDLE: {"b": 1}, NEWEST: {"c": 1}}
    arrives = hashlib.sha256(b'{"c":1}').hexdigest()
    with policed(validate=["request"], idempotency=True):
        for revision, body in sent.items():
            headers = {**at(revision), "Idempotency-Key": "papers"}  # the body is read once
            answer = gateway.client.post("/papers/v1/echo", json=body, headers=headers)
            assert answer.json()["digest"] == arrives
        service.requests.clear()
        other = gateway.client.post(
            "/papers/v1/echo",
            content=b"{",
            headers={**at(OLDEST), "content-type": "application/json"},
        )
        wrong = gateway.client.post("/papers/v1/echo", json={"a": "1"}, headers=at(OLDEST))
        assert service.requests == []
    assert (other.status_code, other.json()["code"]) == (400, "json_malformed")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "validation_failed")


def test_a_move_is_followed_within_a_second(
    gateway: Gateway,
    policed: Policed,
    issue: Callable[..., Issued],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(revisions.registered, "papers/v1", history)
    issued = issue()
    application: Application = issued.key.application
    developer = application.created_by
    assert developer is not None
    with policed():
        answer = gateway.client.get("/papers/v1/echo", headers=bearer(issued))
        assert answer.headers["trellis-version"] == NEWEST  # the newest when it was made
        for to, freely in ((OLDEST, True), (NEWEST, False)):
            with world():
                pins.move(application, "papers/v1", to=to, actor=developer, freely=freely)
            deadline = time.monotonic() + 1
            while True:
                answer = gateway.client.get("/papers/v1/echo", headers=bearer(issued))
                if answer.headers["trellis-version"] == to:
                    break
                assert time.monotonic() < deadline
            assert named(answer) == ("where" if to == OLDEST else "target")


def test_a_function_that_raises_on_the_way_lets_nothing_through(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    with policed():
        answer = gateway.client.post("/papers/v1/problem/409", json={}, headers=at(OLDEST))
        assert service.requests == []
        newest = gateway.client.post("/papers/v1/problem/409", json={}, headers=at(NEWEST))
    assert (answer.status_code, answer.json()["code"]) == (500, "revision_failed")
    assert f"between the revisions {OLDEST} and {NEWEST}" in answer.json()["detail"]
    assert "The request reached nobody." in answer.json()["detail"]
    assert "trellis-should-retry" not in answer.headers
    assert newest.status_code == 409
    assert "stumbles_on_the_way of 2026-01-01" in gateway.log.read_text()


def test_a_function_that_raises_on_the_way_back_does_nothing_twice(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    headers = {**at(OLDEST), "Idempotency-Key": "papers-back"}
    with policed(idempotency=True):
        first = gateway.client.post("/papers/v1/cached/x", json={}, headers=headers)
        again = gateway.client.post("/papers/v1/cached/x", json={}, headers=headers)
        moved = gateway.client.post(
            "/papers/v1/cached/x", json={}, headers={**headers, **asking(NEWEST)}
        )
        assert len(service.requests) == 1
    for answer in (first, again, moved):
        assert (answer.status_code, answer.json()["code"]) == (500, "revision_failed")
        assert answer.headers["trellis-should-retry"] == "false"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["trellis-version"] == OLDEST


def test_a_replay_is_told_as_the_first_time(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    old = at(OLDEST)
    with policed(idempotency=True):
        for number, (first, then) in enumerate(((OLDEST, NEWEST), (NEWEST, OLDEST))):
            headers = {**old, "Idempotency-Key": f"papers-{number}"}
            body = {"a": 1} if first == OLDEST else {"c": 1}
            told = gateway.client.post(
                "/papers/v1/echo", json=body, headers={**headers, **asking(first)}
            )
            again = gateway.client.post(
                "/papers/v1/echo", json=body, headers={**headers, **asking(then)}
            )
            assert again.headers["idempotency-replayed"] == "true"
            assert again.content == told.content
            for answer in (told, again):
                assert answer.headers.get_list("trellis-version") == [first]
        assert len(service.requests) == 2


def test_kept_answers_and_their_tags_stay_within_a_revision(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    path, caller = '/papers/v1/cached/etag: "abc"', at("")
    with policed(cache={"seconds": 60, "shared": True}):
        told = {name: gateway.client.get(path, headers=at(name)) for name in (MIDDLE, NEWEST)}
        kept = gateway.client.get(path, headers=at(MIDDLE))
        assert len(service.requests) == 2
    assert [told[MIDDLE].headers["etag"], told[NEWEST].headers["etag"]] == [
        f'"abc.{MIDDLE}"',
        '"abc"',
    ]
    assert (told[MIDDLE].json(), told[NEWEST].json()) == ({"count": 1}, {"asked": 2})
    assert kept.content == told[MIDDLE].content
    assert kept.headers["trellis-version"] == MIDDLE
    with policed():
        mine, strange = (
            gateway.client.get(
                path, headers={**caller, **asking(MIDDLE), "If-None-Match": f'W/"x", {tag}'}
            )
            for tag in (f'"abc.{MIDDLE}"', '"abc"')
        )
        conditional = [dict(one["headers"]).get("if-none-match") for one in service.requests]
        gateway.client.post(
            "/papers/v1/echo",
            json={"b": 1},
            headers={**caller, **asking(MIDDLE), "If-Match": f'"abc.{MIDDLE}"'},
        )
        assert dict(service.requests[-1]["headers"])["if-match"] == '"abc"'
    assert conditional == ['"abc"', None]
    assert mine.headers["etag"] == strange.headers["etag"] == f'"abc.{MIDDLE}"'


def test_what_is_no_json_or_a_problem_is_the_same_in_every_revision(
    gateway: Gateway, policed: Policed, at: At
) -> None:
    old = at(OLDEST)
    with policed():
        problem = gateway.client.get("/papers/v1/problem/409", headers=old)
        events = gateway.client.get("/papers/v1/events/2", headers=old)
        chunks = gateway.client.get("/papers/v1/chunked", headers=old)
        nothing, unchanged = (
            gateway.client.get(f"/papers/v1/status/{status}", headers=old) for status in (204, 304)
        )
        told = gateway.client.get("/papers/v1/echo", headers=old)
        head = gateway.client.head("/papers/v1/echo", headers=old)
    assert (problem.status_code, problem.json()) == (409, {"code": "order_paid", "status": 409})
    assert events.text == "data: 0\n\ndata: 1\n\n"
    assert chunks.text == "onetwothree"
    assert (nothing.status_code, unchanged.status_code) == (204, 304)
    assert head.content == b""
    assert abs(int(head.headers["content-length"]) - len(told.content)) <= 1  # GET, HEAD
    for answer in (problem, events, chunks, nothing, unchanged, head):
        assert answer.headers["trellis-version"] == OLDEST


def test_an_answer_that_is_too_large_to_be_told_says_so(
    gateway: Gateway, policed: Policed, at: At
) -> None:
    size = 4 * 1024 * 1024
    with policed():
        old = gateway.client.get(f"/papers/v1/large/{size}", headers=at(OLDEST))
        new = gateway.client.get(f"/papers/v1/large/{size}", headers=at(NEWEST))
        less = gateway.client.get(f"/papers/v1/large/{size - 100}", headers=at(OLDEST))
    assert (old.status_code, old.json()["code"]) == (500, "revision_failed")
    assert f"more than {size} bytes" in old.json()["detail"]
    assert f"send Trellis-Version: {NEWEST}" in old.json()["detail"]
    assert len(new.json()["target"]) == size
    assert len(less.json()["where"]) == size - 100


def test_fields_rules_and_mocks_speak_of_the_newest(
    gateway: Gateway, policed: Policed, at: At, service: StandIn
) -> None:
    old = at(OLDEST)
    with policed(response={"body": {"set": {"target": "hidden"}}}, fields={"x": ["digest"]}):
        told: dict[str, Any] = gateway.client.get("/papers/v1/echo", headers=old).json()
    with policed(mock=True):
        mocked = gateway.client.post("/papers/v1/echo", json={"a": 1}, headers=old)
        assert service.requests == []
    assert told["where"] == "hidden"
    assert "digest" not in told
    assert mocked.json() == {"where": "here"}


def test_another_data_plane_serves_those_for_whom_nothing_must_be_told_anew() -> None:
    row = OperationRow("papers", 1, "POST /echo", "POST", "/echo", [], 1)
    newest = Table([row], histories={"papers/v1": history}).locate("POST", "/papers/v1/echo")
    assert newest.dated is not None
    asyncio.run(hand_over(SimpleNamespace(operation=newest)))  # type: ignore[arg-type]  # a part
    older = SimpleNamespace(operation=newest.dated.served[OLDEST])
    with pytest.raises(PolicyNeedsGateway, match=r"only the gateway does: .*downgrade, upgrade"):
        asyncio.run(hand_over(older))  # type: ignore[arg-type]  # as above


def test_a_revision_that_names_no_operation_stops_a_gateway_that_starts() -> None:
    class Known:
        async def operations(self) -> list[OperationRow]:
            return [OperationRow("papers", 1, "GET /echo", "GET", "/echo", [], 1)]

        async def upstreams(self) -> list[Any]:
            return []

    class Nobody:
        def add(self, rows: Any) -> None:
            pass

        drop = add

    routes = Routes(Known(), Nobody(), histories={"papers/v1": history})  # type: ignore[arg-type]  # stand-ins
    with pytest.raises(ValueError, match="papers/v1 has no operation POST /echo"):
        asyncio.run(routes.start())
