"""A document says which parts of its operations' requests will go."""

from typing import Any

import orjson
import pytest

from apps.catalog import ending, openapi
from tests.judges.conftest import HERE, node  # noqa: F401 - a fixture

GITHUB = HERE / "node_modules/@octokit/openapi/generated/api.github.com.json"
OLD: dict[str, Any] = {"type": "string", "deprecated": True}
PET = {"$ref": "#/components/schemas/Pet"}
TREE = {"properties": {"pet": PET, "old": OLD, "seen": {**OLD, "readOnly": True}}}


def parts(operation: dict[str, Any], pet: Any = TREE) -> tuple[str, ...]:
    paths = {"/pets": {"post": {"operationId": "pets_create", **operation}}}
    about = {"openapi": "3.1.0", "info": {"title": "Pets"}, "paths": paths}
    described = openapi.describe({**about, "components": {"schemas": {"Pet": pet}}}, slug="pets")
    return described.operations[0].ending


def taking(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


CASES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"parameters": [{"in": "query", "name": "page", "deprecated": True}]}, ("query:page",)),
    ({"parameters": [{"in": "header", "name": "X-Old", "schema": OLD}]}, ("header:x-old",)),
    ({"parameters": [{"in": "path", "name": "id", "deprecated": True}]}, ()),
    ({"responses": {"200": {"content": {"application/json": {"schema": TREE}}}}}, ()),
    (taking({"properties": {"a/b": OLD, "fine": {}}}), ("body:a~1b",)),
    (taking({"properties": {"a": {"properties": {"b": OLD}}}}, "a/b+json"), ("body:a/b",)),
    (taking({"properties": {"a": OLD}}, "text/plain"), ()),
    (taking({"type": "array", "items": {"properties": {"a": OLD}}}), ("body:*/a",)),
    (
        taking({"oneOf": [{"properties": {"a": OLD}}, {"allOf": [{"properties": {"b": OLD}}]}]}),
        ("body:a", "body:b"),
    ),
]


@pytest.mark.parametrize(("operation", "expected"), CASES)
def test_deprecated_parts_are_found(operation: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert parts(operation) == expected


def test_what_holds_itself_is_looked_into_eight_levels_deep() -> None:
    found = parts(taking(PET))
    assert found[0] == "body:old"
    assert len(found) == 9
    assert "body:pet/pet/old" in found


def test_a_body_without_end_is_looked_into_for_a_while() -> None:
    many = {"properties": {f"p{n}": PET for n in range(40)} | {"old": OLD}}
    assert len(parts(taking(PET), many)) == ending.MOST


def test_a_part_is_read_as_it_was_written() -> None:
    assert str(ending.read("query:page")) == "query parameter page"
    assert ending.read("body:a~1b/*/c").path == ("a/b", "*", "c")
    assert str(ending.read("body:lines/*/sku")) == "body property lines[].sku"


def test_githubs_document_names_what_github_deprecates(node: str) -> None:  # noqa: F811 - the fixture
    described = openapi.describe(orjson.loads(GITHUB.read_bytes()), slug="github")
    found = {one.name: one.ending for one in described.operations if one.ending}
    assert found["search/code"] == ("query:order", "query:sort")
    assert found["repos/update-branch-protection"] == ("body:required_status_checks/contexts",)
    assert len(found) == 7
