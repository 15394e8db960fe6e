"""The OpenAPI documents of the native APIs are valid, complete and those that are committed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from apps.catalog import native, services
from apps.catalog.models import ApiVersion, Operation, Scope
from tests.support import contract

REFERENCE = Path(settings.ROOT) / "docs/reference"
# Any credential may ask, at no cost.
FREE = {"me_retrieve", "limits_retrieve", "requests_explain"}
ASKING = {"keys_check"}  # reads, and has too much to say for an address
PICTURES = {"logos_change"}  # what takes an image as its body


def operations() -> list[Any]:
    return [
        pytest.param(slug, described, id=described["operationId"])
        for slug in contract.SLUGS
        for item in contract.document(slug)["paths"].values()
        for described in item.values()
    ]


@pytest.mark.parametrize("slug", contract.SLUGS)
def test_it_is_valid_openapi_3_1(slug: str) -> None:
    document = contract.document(slug)
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.parametrize("slug", contract.SLUGS)
def test_the_committed_one_is_up_to_date(slug: str) -> None:
    committed = yaml.safe_load((REFERENCE / f"{slug}.openapi.yaml").read_text())
    assert contract.document(slug) | {"servers": []} == committed | {"servers": []}, (
        "Run: make schema"
    )


@pytest.mark.parametrize(("slug", "operation"), operations())
def test_an_operation_says_all_that_a_developer_needs(slug: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert operation["security"] == [{"bearer": []}]
    assert set(operation["x-trellis-scopes"]) <= set(contract.document(slug)["x-trellis-scopes"])
    free = operation["operationId"] in FREE
    assert bool(operation["x-trellis-scopes"]) is not free
    assert operation["x-trellis-cost"] == (0 if free else 1)
    assert {"401", "403", "429", "500"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status not in {"204", "304"}:
            (media,) = answer["content"].values()
            assert media["examples"], status


@pytest.mark.parametrize(("slug", "operation"), operations())
def test_its_examples_fit_its_schemas(slug: str, operation: dict[str, Any]) -> None:
    described = [operation.get("requestBody", {}), *operation["responses"].values()]
    for part in described:
        for kind, media in part.get("content", {}).items():
            if kind.startswith("image/") and operation["operationId"] in PICTURES:
                assert media["schema"] == {"type": "string", "format": "binary"}
                continue
            assert kind in {"application/json", contract.PROBLEM}
            reference = media["schema"]["$ref"]
            for example in media.get("examples", {}).values():
                validator: OAS31Validator = contract.validator(reference, slug)
                validator.validate(example["value"])


@pytest.mark.parametrize("slug", contract.SLUGS)
def test_every_scope_is_used_and_every_used_one_described(slug: str) -> None:
    known = [each.values[1] for each in operations() if each.values[0] == slug]
    used = {scope for described in known for scope in described["x-trellis-scopes"]}
    assert used == set(contract.document(slug)["x-trellis-scopes"])


@pytest.mark.parametrize("slug", contract.SLUGS)
def test_only_json_goes_in_and_every_reading_operation_can_be_called_with_reading_scopes(
    slug: str,
) -> None:
    for item in contract.document(slug)["paths"].values():
        for method, operation in item.items():
            reads = method == "get" or operation["operationId"] in ASKING
            ending = ":read" if reads else ":write"
            assert all(scope.endswith(ending) for scope in operation["x-trellis-scopes"])
            content = operation.get("requestBody", {}).get("content", {})
            if operation["operationId"] not in PICTURES:
                assert set(content) <= {"application/json"}


@pytest.mark.django_db
def test_publishing_puts_it_into_the_catalog_once() -> None:
    call_command("publish_catalog", verbosity=0)
    call_command("publish_catalog", verbosity=0)
    for slug in contract.SLUGS:
        version = ApiVersion.objects.get(api__slug=slug, major=1)
        known = [each for each in operations() if each.values[0] == slug]
        assert version.operations.count() == len(known)
    retrieve = Operation.objects.get(name="orders_retrieve")
    assert (retrieve.method, retrieve.path) == ("GET", "/orders/{id}")
    assert (retrieve.scopes, retrieve.cost) == (["orders:read"], 1)
    assert Scope.objects.get(name="payments:write").title == "Take and refund payments"


def test_the_api_is_registered_where_settings_serve_it() -> None:
    assert {slug for slug, _ in native.registered} == set(contract.SLUGS)
    assert {f"/{slug}/v{major}/" for slug, major in native.registered} == set(settings.NATIVE_APIS)


def test_an_operation_that_a_document_no_longer_has_is_served_no_longer(db: None) -> None:
    kept, gone = {"operationId": "kept"}, {"operationId": "gone", "x-trellis-cost": 5}
    paths: dict[str, Any] = {"/shop/v1/echo": {"get": kept, "post": gone}}
    scopes = {"shop:read": {"title": "Read the shop"}}
    info = {"title": "Shop"}
    document = {"openapi": "3.1.0", "info": info, "paths": paths, "x-trellis-scopes": scopes}
    version = services.publish("shop", major=1, name="Shop", document=document)
    first = version.operations.get(name="kept")
    assert version.operations.get(name="gone").cost == 5
    assert Scope.objects.get(name="shop:read").title == "Read the shop"
    del paths["/shop/v1/echo"]["post"]
    services.publish("shop", major=1, name="Shop", document=document)
    assert list(version.operations.all()) == [first]
