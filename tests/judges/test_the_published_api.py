"""The published document, taken at its word by key, by token and by another tenant."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.core import ids
from tests.journeys.box import Box
from tests.support import contract

pytestmark = pytest.mark.timeout(180)
DOCUMENT = Path(__file__).parents[2] / "docs/reference/commerce.openapi.yaml"
PREFIXES = {"customers": "cus", "products": "prd", "orders": "ord", "payments": "pay"}
PREFIXES |= {"refunds": "rfd"}
MEMBERS = {"customer": "customers", "product": "products", "order": "orders", "payment": "payments"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_path(DOCUMENT)


@dataclass
class World:
    """A shop, what is in it, and who comes to it."""

    api: str
    things: dict[str, str]  # of the shop: one identifier of each kind
    callers: dict[str, str]  # name -> credential
    turn: "itertools.cycle[str]"

    def send(self, caller: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.callers[caller]}"}
        return httpx.request(method, self.api + path, headers=headers, json=body, timeout=20)


@pytest.fixture(scope="session")
def world(box: Box, cast: dict[str, Any]) -> World:
    """The shop of one member of the cast; another one is the stranger."""
    callers = {}
    for name in ("shop", "stranger"):
        callers[f"{name}'s key"] = cast[name]["key"]
        callers[f"{name}'s token"] = _token(box, cast[name])
    found = World(box.api, {}, callers, itertools.cycle(callers))
    for kind in PREFIXES:
        listed = found.send("shop's key", "GET", f"/commerce/v1/{kind}?limit=1").json()
        found.things[kind] = listed["data"][0]["id"]
    return found


def _token(box: Box, facts: dict[str, Any]) -> str:
    client = facts["clients"]["basic"]
    scopes = [f"{name}:{how}" for name in PREFIXES for how in ("read", "write")]
    fields = {
        "grant_type": "client_credentials",
        "scope": " ".join(name for name in scopes if not name.startswith("refunds")),
    }
    pair = client["client_id"], client["client_secret"]
    answer = httpx.post(f"{box.portal}/oauth/token", data=fields, auth=pair, timeout=20)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def operations(*, named: bool) -> list[Any]:
    return [
        pytest.param(method.upper(), path, described, id=described["operationId"])
        for path, item in contract.document()["paths"].items()
        for method, described in item.items()
        if ("{id}" in path) == named
    ]


def example(described: dict[str, Any]) -> Any:
    for media in described.get("requestBody", {}).get("content", {}).values():
        for found in media["examples"].values():
            return json.loads(json.dumps(found["value"]))
    return None


@pytest.mark.parametrize("caller", ["stranger's key", "stranger's token"])
@pytest.mark.parametrize(("method", "path", "described"), operations(named=True))
def test_what_is_anothers_is_answered_like_what_never_was(
    world: World, method: str, path: str, described: dict[str, Any], caller: str
) -> None:
    kind = path.split("/")[3]
    answers = []
    for named in (world.things[kind], ids.new(PREFIXES[kind])):
        answer = world.send(caller, method, path.replace("{id}", named), example(described))
        document = answer.json()
        document = {name: document[name] for name in document.keys() - {"request_id", "instance"}}
        answers.append((answer.status_code, json.dumps(document).replace(named, "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    there = world.send("shop's key", "GET", f"/commerce/v1/{kind}/{world.things[kind]}")
    assert there.status_code == 200


@pytest.mark.parametrize("caller", ["stranger's key", "stranger's token"])
@pytest.mark.parametrize(("method", "path", "described"), operations(named=False))
def test_nothing_of_another_is_listed_or_built_upon(
    world: World, method: str, path: str, described: dict[str, Any], caller: str
) -> None:
    if method == "POST":
        body = _about(example(described), world.things)
        if body != example(described):
            answer = world.send(caller, method, path, body)
            assert answer.status_code in {400, 404, 422}, answer.text
        return
    theirs = set(world.things.values())
    filters = ["", *(f"?{name}={world.things[kind]}" for name, kind in MEMBERS.items())]
    filters += [f"?{end}={one}" for end in ("starting_after", "ending_before") for one in theirs]
    for query in filters:
        answer = world.send(caller, method, path + query)
        assert answer.status_code in {200, 400, 404}, answer.text
        if answer.status_code == 200:
            assert theirs.isdisjoint(one["id"] for one in answer.json()["data"])


def _about(body: Any, things: dict[str, str]) -> Any:
    """Put the shop's identifiers wherever a body names something."""
    if isinstance(body, list):
        return [_about(one, things) for one in body]
    if not isinstance(body, dict):
        return body
    return {
        name: things[MEMBERS[name]] if name in MEMBERS else _about(value, things)
        for name, value in body.items()
    }


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_is_answered_as_documented(
    case: schemathesis.Case[Any], world: World
) -> None:
    """Four callers take turns: each operation meets each of them with the same kind of input."""
    caller = next(world.turn)
    kind = case.path.split("/")[3]
    of_the_shop = "id" in case.path_parameters and len(str(case.path_parameters["id"])) % 2
    if of_the_shop:
        case.path_parameters["id"] = world.things[kind]
    headers = {"Authorization": f"Bearer {world.callers[caller]}"}
    answer = case.call_and_validate(base_url=world.api, headers=headers, checks=CHECKS)
    if of_the_shop and caller.startswith("stranger"):
        assert answer.status_code >= 400, caller
