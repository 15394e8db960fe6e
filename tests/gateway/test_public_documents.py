"""Documents of others as they are, from npm: GitHub's (JSON, 3.0) and Figma's (YAML, 3.1).

Each is published whole, and every operation of it is called through a gateway.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, ApiVersion, Operation, Scope, Upstream
from apps.core import documents
from apps.core.errors import Problem
from apps.events.models import Event
from apps.keys.services import Issued
from gateway.routes import Table
from gateway.store import OperationRow
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.judges.conftest import HERE, node  # noqa: F401 - a fixture

pytestmark = pytest.mark.timeout(300)
PACKAGES = HERE / "node_modules"
GITHUB = PACKAGES / "@octokit/openapi/generated/api.github.com.json"
FIGMA = PACKAGES / "@figma/rest-api-spec/openapi/openapi.yaml"
PARAMETER = re.compile(r"\{(\+?)[^{}]*\}")


def example(template: str) -> str:
    return PARAMETER.sub(lambda found: "a.b/c" if found[1] else "v1.x", template)


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn()
    made.start()
    yield made
    made.stop()


def publish(slug: str, path: Path, service: StandIn) -> ApiVersion:
    document = documents.read(path.read_bytes())
    upstream = serving.set_upstream(slug, targets={service.url: 1}, actor=None)
    return catalog.publish(slug, major=1, document=document, upstream=upstream)


def rows(version: ApiVersion) -> list[OperationRow]:
    found = Operation.objects.filter(version=version).order_by("pk")
    values = found.values_list("name", "method", "path", "scopes", "cost")
    return [OperationRow(version.api.slug, 1, *value) for value in values]


@pytest.mark.parametrize(
    ("slug", "path", "count"), [("github", GITHUB, 1223), ("figma", FIGMA, 54)]
)
def test_it_is_published_whole_and_every_operation_of_it_is_served(
    *,
    node: str,  # noqa: F811 - the fixture
    world: World,
    service: StandIn,
    gateway: Gateway,
    issue: Callable[..., Issued],
    slug: str,
    path: Path,
    count: int,
) -> None:
    with world():
        version = publish(slug, path, service)
        operations = rows(version)
        assert len(operations) == count
        told = Event.objects.count()
        assert publish(slug, path, service) == version
        assert Event.objects.count() == told
        needed = sorted({scope for row in operations for scope in row.scopes})
        assert Scope.objects.filter(name__in=needed).count() == len(needed)
    key = issue(scopes=tuple(needed))
    table = Table(operations)
    wrong = []
    for row in operations:
        path_ = f"/{slug}/v1{example(row.path)}"
        found: Any = None
        try:
            found = table.find(row.method, path_)
        except Problem as problem:
            found = problem
        if getattr(found, "name", "") != row.name:
            wrong.append((row.method, row.path, str(getattr(found, "name", found))))
    assert wrong == []
    try:
        statuses = call(gateway, key, slug, operations)
        assert statuses == {200}
        seen = [(request["method"], request["target"]) for request in service.requests]
        assert seen == [(row.method, example(row.path)) for row in operations]
    finally:
        with world():
            catalog.withdraw(Api.objects.get(slug=slug), actor=None)
            serving.remove_upstream(Upstream.objects.get(slug=slug), actor=None)


def call(gateway: Gateway, key: Issued, slug: str, operations: list[OperationRow]) -> set[int]:
    client, headers = gateway.client, bearer(key)
    return {
        client.request(row.method, f"/{slug}/v1{example(row.path)}", headers=headers).status_code
        for row in operations
    }
