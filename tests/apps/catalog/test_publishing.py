"""Publishing puts a document into the catalog, whole or not at all, and once."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, ApiVersion, Operation, Scope, Upstream
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.events.models import Event
from tests.support import make

pytestmark = pytest.mark.django_db
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "description": "Cats and dogs."},
    "servers": [{"url": "https://pets.example/api/v3"}],
    "paths": {
        "/pets": {
            "get": {"operationId": "pets_list"},
            "post": {"operationId": "pets_create", "x-trellis-cost": 5},
        },
        "/pets/{id}": {"get": {"operationId": "pets_get"}},
    },
}
TARGETS = {"http://10.0.0.1:9000": 3, "http://10.0.0.2:9000": 1}


@pytest.fixture
def upstream(operator: User) -> Upstream:
    return serving.set_upstream("pets", targets=TARGETS, actor=operator)


@pytest.fixture
def operator() -> User:
    return make.operator()


def publish(upstream: Upstream | None, document: Any = DOCUMENT, **more: Any) -> ApiVersion:
    return catalog.publish("pets", major=1, document=document, upstream=upstream, **more)


def told() -> list[str]:
    names = Event.objects.filter(type__startswith="catalog.").order_by("id")
    return list(names.values_list("type", flat=True))


def test_it_becomes_an_api_a_version_operations_and_scopes(
    upstream: Upstream, operator: User
) -> None:
    version = publish(upstream, visibility="partner", policy={"timeout": 5}, actor=operator)
    api = version.api
    assert (api.name, api.description, api.backend) == ("Pets", "Cats and dogs.", "upstream")
    assert (api.visibility, api.policy) == ("partner", {"timeout": 5})
    assert (version.upstream, version.base) == (upstream, "/api/v3")
    found = version.operations.order_by("name").values_list("name", "method", "path", "cost")
    assert list(found) == [
        ("pets_create", "POST", "/pets", 5),
        ("pets_get", "GET", "/pets/{id}", 1),
        ("pets_list", "GET", "/pets", 1),
    ]
    risks = dict(Scope.objects.filter(name__startswith="pets:").values_list("name", "risk"))
    assert risks == {"pets:read": "low", "pets:write": "high"}
    event = Event.objects.get(type="catalog.published")
    assert (event.actor, event.subject) == (operator.pk, version.pk)
    about = {"api": "pets", "major": 1, "added": 5, "changed": 0, "removed": 0, "breaking": 0}
    assert event.data == about


def test_the_same_again_changes_nothing_and_says_nothing(upstream: Upstream) -> None:
    version = publish(upstream, visibility="internal", policy={"retries": 0}, base="/v9")
    before, rows = told(), list(version.operations.values().order_by("id"))
    again = publish(upstream, visibility="internal", policy={"retries": 0}, base="/v9")
    assert publish(upstream) == again == version
    assert list(version.operations.values().order_by("id")) == rows
    assert told() == before
    assert again.updated_at == version.updated_at


def test_operations_keep_their_rows_and_what_the_operator_set(
    upstream: Upstream, operator: User
) -> None:
    version = publish(upstream)
    row = version.operations.get(name="pets_create")
    catalog.change_operation(row, policy={"timeout": 60}, cost=9, actor=operator)
    changed = deepcopy(DOCUMENT)
    changed["paths"]["/pets"]["post"] |= {"operationId": "pets_make", "x-trellis-cost": 7}
    del changed["paths"]["/pets/{id}"]
    publish(upstream, changed)
    kept = version.operations.get(name="pets_make")
    assert (kept.pk, kept.policy, kept.cost) == (row.pk, {"timeout": 60}, 9)
    assert not version.operations.filter(name="pets_get").exists()
    catalog.change_operation(kept, cost=None, actor=operator)
    assert Operation.objects.get(pk=row.pk).cost == 7


def test_an_apis_policy_is_held_against_those_of_its_operations(
    upstream: Upstream, operator: User
) -> None:
    version = publish(upstream)
    for row in version.operations.all():
        catalog.change_operation(row, policy={"timeout": 60}, actor=operator)
    api = Api.objects.get(slug="pets")
    assert catalog.change_api(api, policy={"retries": 0}, actor=operator)
    with pytest.raises(Unprocessable, match="retries must be a whole number"):
        catalog.change_api(api, policy={"retries": "none"}, actor=operator)
    assert Api.objects.get(slug="pets").policy == {"retries": 0}


def test_operations_may_swap_their_names(upstream: Upstream) -> None:
    version = publish(upstream)
    swapped = deepcopy(DOCUMENT)
    swapped["paths"]["/pets"]["get"]["operationId"] = "pets_create"
    swapped["paths"]["/pets"]["post"]["operationId"] = "pets_list"
    publish(upstream, swapped)
    assert version.operations.get(method="POST").name == "pets_list"


def test_a_parameter_that_takes_more_segments_is_the_same_operation(upstream: Upstream) -> None:
    version = publish(upstream)
    row = version.operations.get(name="pets_get")
    wide = deepcopy(DOCUMENT)
    wide["paths"]["/pets/{id}"]["parameters"] = [
        {"name": "id", "in": "path", "x-multi-segment": True}
    ]
    publish(upstream, wide)
    assert version.operations.get(name="pets_get").pk == row.pk
    assert version.operations.get(name="pets_get").path == "/pets/{+id}"


def test_a_scope_that_nothing_needs_any_more_is_gone(upstream: Upstream) -> None:
    publish(upstream)
    less = deepcopy(DOCUMENT)
    del less["paths"]["/pets"]["post"]
    publish(upstream, less)
    assert not Scope.objects.filter(name="pets:write").exists()
    assert Scope.objects.filter(name="pets:read").exists()


def test_what_makes_no_sense_publishes_nothing(upstream: Upstream) -> None:
    before = told()
    wrong = deepcopy(DOCUMENT)
    wrong["paths"]["/pets"]["get"]["operationId"] = "pets_get"
    for fields in (
        {"document": wrong},
        {"policy": {"timeout": "long"}},
        {"visibility": "secret"},
        {"base": "/a/../b"},
        {"base": "api"},
    ):
        with pytest.raises(Unprocessable):
            publish(upstream, **fields)
    assert not Api.objects.filter(slug="pets").exists()
    assert not Scope.objects.filter(name__startswith="pets:").exists()
    assert told() == before


@pytest.mark.parametrize(
    ("slug", "major", "why"),
    [
        ("commerce", 1, "commerce is served by this project itself"),
        ("platform", 2, "platform is served by this project itself"),
        ("healthz", 1, "cannot be an API's name"),
        ("My Shop", 1, "cannot be an API's name"),
        ("pets", 0, "a whole number from 1"),
    ],
)
def test_a_place_may_be_taken(upstream: Upstream, slug: str, major: int, why: str) -> None:
    with pytest.raises(Unprocessable, match=why):
        catalog.publish(slug, major=major, document=DOCUMENT, upstream=upstream)


def test_majors_stand_side_by_side(upstream: Upstream) -> None:
    publish(upstream)
    two = catalog.publish("pets", major=2, document=DOCUMENT, upstream=upstream, base="/v2")
    bases = dict(two.api.versions.values_list("major", "base"))
    assert bases == {1: "/api/v3", 2: "/v2"}


def test_the_newest_major_says_what_the_api_is(upstream: Upstream) -> None:
    newer = DOCUMENT | {"info": {"title": "Animals", "description": "All of them."}}
    for _ in range(2):
        publish(upstream)
        catalog.publish("pets", major=2, document=newer, upstream=upstream)
    api = Api.objects.get(slug="pets")
    assert (api.name, api.description) == ("Animals", "All of them.")
    assert told().count("catalog.published") == 2
    before = told()
    publish(upstream)
    assert told() == before


def test_a_version_ends_after_it_was_announced(upstream: Upstream, operator: User) -> None:
    version, now = publish(upstream), clock.real()
    with pytest.raises(Unprocessable, match="sunset lies before deprecated"):
        catalog.change_version(
            version, deprecated_at=now, sunset_at=now - timedelta(1), actor=operator
        )
    catalog.change_version(version, deprecated_at=now, sunset_at=now, reason="Old.", actor=operator)
    event = Event.objects.get(type="catalog.version_changed")
    assert (event.actor, event.data["reason"]) == (operator.pk, "Old.")
    assert set(event.data["changes"]) == {"deprecated_at", "sunset_at"}


def test_an_api_cannot_lose_its_upstream(upstream: Upstream, operator: User) -> None:
    version = publish(upstream)
    with pytest.raises(Unprocessable, match="pets/v1 needs an upstream"):
        catalog.change_version(version, upstream=None, actor=operator)
    with pytest.raises(Unprocessable, match="pets serves pets/v1: move these first"):
        serving.remove_upstream(upstream, actor=operator)
    assert Upstream.objects.get() == upstream


@pytest.mark.parametrize(
    ("targets", "why"),
    [
        ({}, "needs a target"),
        ({"http://a": 0}, "needs a target"),
        ({"http://a/path": 1}, "paths belong to the version"),
        ({"ftp://a": 1}, "must begin with http"),
        ({"http://a": 1, "http://a:80/": 1}, "stands twice"),
        ({"http://a": -1}, "weight of http://a"),
        ({"http://a": True}, "weight of http://a"),
    ],
)
def test_targets_that_make_no_sense_change_nothing(
    upstream: Upstream, targets: Any, why: str, operator: User
) -> None:
    before = told()
    with pytest.raises(Unprocessable, match=why):
        serving.set_upstream("pets", targets=targets, actor=operator)
    assert dict(upstream.targets.values_list("url", "weight")) == TARGETS
    assert told() == before


def test_an_upstream_is_described_once(upstream: Upstream, operator: User) -> None:
    before = told()
    serving.set_upstream("pets", targets=TARGETS, settings={}, actor=operator)
    assert told() == before
    with pytest.raises(Unprocessable, match=r"settings: breaker\.ratio must be a number"):
        serving.set_upstream(
            "pets", targets=TARGETS, settings={"breaker": {"ratio": 2}}, actor=operator
        )
    serving.set_upstream("pets", targets={"http://10.0.0.2:9000": 5}, actor=operator)
    assert dict(upstream.targets.values_list("url", "weight")) == {"http://10.0.0.2:9000": 5}
    assert told() == [*before, "catalog.upstream_changed"]


def test_a_withdrawn_api_takes_its_scopes_with_it(upstream: Upstream, operator: User) -> None:
    version = publish(upstream)
    catalog.withdraw(version.api, reason="Nobody calls it.", actor=operator)
    assert not Api.objects.filter(slug="pets").exists()
    assert not Scope.objects.filter(name__startswith="pets:").exists()
    serving.remove_upstream(upstream, actor=operator)
    assert told()[-2:] == ["catalog.withdrawn", "catalog.upstream_removed"]
