"""A gateway notes which deprecated parts of its requests an application uses, and no values."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest

from apps.catalog.models import Operation
from apps.catalog.policies import PLAIN
from apps.keys.services import Issued
from box.valkey import Valkey
from gateway.course import course
from gateway.routes import Table
from gateway.steps.note_ending import note_ending
from gateway.store import OperationRow
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.gateway.test_usage_records import shipped, valkey  # noqa: F401 - a fixture

ENDING = ["body:customer/name", "body:lines/*/sku", "header:x-old", "query:page", "query:filter"]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def books(world: World, api: str) -> Iterator[None]:
    """An operation of which much is deprecated."""
    rows = Operation.objects.filter(version__api=api, path="/echo", method="POST")
    with world():
        rows.update(ending=ENDING)
    yield
    with world():
        rows.update(ending=[])


def test_only_operations_with_deprecated_parts_take_the_step() -> None:
    assert note_ending not in course(PLAIN)
    rows = [OperationRow("a", 1, "x", "GET", "/x", [], 1)]
    rows += [OperationRow("a", 1, "y", "GET", "/y", [], 1, ending=["query:page"])]
    table = Table(rows)
    assert note_ending not in table.locate("GET", "/a/v1/x").steps
    assert note_ending in table.locate("GET", "/a/v1/y").steps


CALLS: list[tuple[str, dict[str, str], Any, list[str]]] = [
    ("?page=secret&page=2&size=3", {}, b"", ["query:page"]),
    ("?filter%5Bname%5D=secret", {"X-Old": "secret"}, b"", ["header:x-old", "query:filter"]),
    ("", JSON, {"customer": {"name": "secret"}}, ["body:customer/name"]),
    ("", JSON, {"lines": [{}, {"sku": "secret"}]}, ["body:lines/*/sku"]),
    ("?pages=1", JSON, {"customer": {"names": 1}, "name": 1, "lines": {"sku": 1}}, []),
    ("", JSON, [1, {"customer": 1}], []),
    ("", JSON, b"{", []),
    ("", {"Content-Type": "text/plain"}, {"customer": {"name": "secret"}}, []),
    ("", JSON, {"customer": {"name": "secret"}, "long": "x" * 300_000}, []),
]


def test_what_a_request_uses_is_in_its_record_and_nothing_of_its_values(
    *,
    books: None,
    launch: Callable[..., Gateway],
    environment: dict[str, str],
    key: Issued,
    valkey: Valkey,  # noqa: F811 - the fixture
    service: StandIn,
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    service.requests.clear()
    bodies = []
    for query, headers, body, _ in CALLS:
        bodies.append(body if isinstance(body, bytes) else json.dumps(body).encode())
        answer = gateway.client.post(
            f"/books/v1/echo{query}", headers=bearer(key) | headers, content=bodies[-1]
        )
        assert answer.status_code == 200
    chunks = iter([b'{"customer": ', b'{"name": "secret"}}'])
    piecewise = gateway.client.post("/books/v1/echo", headers=bearer(key) | JSON, content=chunks)
    assert piecewise.status_code == 200
    arrived = [one["digest"] for one in service.requests[: len(CALLS)]]
    assert arrived == [sha256(one).hexdigest() for one in bodies]
    rows = shipped(environment, valkey.url(), len(CALLS) + 1)
    used: list[list[str]] = [
        next((step[2]["used"] for step in row["trace"] if step[0] == "ending"), []) for row in rows
    ]
    assert used == [*(expected for *_, expected in CALLS), []]
    assert "secret" not in str(rows)
