"""The OpenAPI document of the reference API is valid, complete and the one that is committed."""

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
from apps.commerce import openapi
from apps.commerce.apps import CommerceConfig
from tests.support import contract

COMMITTED = Path(settings.ROOT) / "docs/reference/commerce.openapi.yaml"


def operations() -> list[Any]:
    return [
        pytest.param(described, id=described["operationId"])
        for item in contract.document()["paths"].values()
        for described in item.values()
    ]


def test_it_is_valid_openapi_3_1() -> None:
    document = contract.document()
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_committed_one_is_up_to_date() -> None:
    committed = yaml.safe_load(COMMITTED.read_text())
    assert contract.document() | {"servers": []} == committed | {"servers": []}, "Run: make schema"


@pytest.mark.parametrize("operation", operations())
def test_an_operation_says_all_that_a_developer_needs(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert operation["security"] == [{"bearer": []}]
    assert set(operation["x-trellis-scopes"]) <= set(openapi.SCOPES)
    assert operation["x-trellis-scopes"]
    assert operation["x-trellis-cost"] >= 1
    assert {"401", "403", "429", "500"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status != "204":
            (media,) = answer["content"].values()
            assert media["examples"], status


@pytest.mark.parametrize("operation", operations())
def test_its_examples_fit_its_schemas(operation: dict[str, Any]) -> None:
    described = [operation.get("requestBody", {}), *operation["responses"].values()]
    for part in described:
        for kind, media in part.get("content", {}).items():
            assert kind in {"application/json", contract.PROBLEM}
            reference = media["schema"]["$ref"]
            for example in media.get("examples", {}).values():
                validator: OAS31Validator = contract.validator(reference)
                validator.validate(example["value"])


def test_every_scope_is_used_and_every_used_one_described() -> None:
    used = {scope for each in operations() for scope in each.values[0]["x-trellis-scopes"]}
    assert used == set(openapi.SCOPES)


def test_only_json_goes_in_and_every_reading_operation_can_be_called_with_reading_scopes() -> None:
    for item in contract.document()["paths"].values():
        for method, operation in item.items():
            ending = ":read" if method == "get" else ":write"
            assert all(scope.endswith(ending) for scope in operation["x-trellis-scopes"])
            content = operation.get("requestBody", {}).get("content", {})
            assert set(content) <= {"application/json"}


@pytest.mark.django_db
def test_publishing_puts_it_into_the_catalog_once() -> None:
    call_command("publish_catalog", verbosity=0)
    call_command("publish_catalog", verbosity=0)
    version = ApiVersion.objects.get(api__slug="commerce", major=1)
    assert version.operations.count() == len(operations())
    retrieve = Operation.objects.get(name="orders_retrieve")
    assert (retrieve.method, retrieve.path) == ("GET", "/orders/{id}")
    assert (retrieve.scopes, retrieve.cost) == (["orders:read"], 1)
    assert Scope.objects.get(name="payments:write").title == "Take and refund payments"


def test_the_api_is_registered_where_settings_serve_it() -> None:
    assert ("commerce", 1) in native.registered
    assert CommerceConfig.name in settings.INSTALLED_APPS
    assert {f"/{slug}/v{major}/" for slug, major in native.registered} == set(settings.NATIVE_APIS)


def test_an_operation_that_a_document_no_longer_has_is_served_no_longer(db: None) -> None:
    kept, gone = {"operationId": "kept"}, {"operationId": "gone", "x-trellis-cost": 5}
    paths: dict[str, Any] = {"/shop/v1/echo": {"get": kept, "post": gone}}
    scopes = {"shop:read": {"title": "Read the shop"}}
    document = {"info": {}, "paths": paths, "x-trellis-scopes": scopes}
    version = services.publish("shop", major=1, name="Shop", document=document)
    first = version.operations.get(name="kept")
    assert version.operations.get(name="gone").cost == 5
    assert Scope.objects.get(name="shop:read").title == "Read the shop"
    del paths["/shop/v1/echo"]["post"]
    services.publish("shop", major=1, name="Shop", document=document)
    assert list(version.operations.all()) == [first]
