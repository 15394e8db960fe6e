"""What is read of an OpenAPI document, and the words with which one is refused."""

import json
from typing import Any

import pytest

from apps.catalog import openapi
from apps.catalog.rights import Words
from apps.core import documents
from apps.core.members import Invalid


def document(paths: Any = None, **more: Any) -> dict[str, Any]:
    info = {"title": "Pets", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": paths or {"/pets": {"get": {}}}, **more}


def described(paths: Any = None, **more: Any) -> openapi.Described:
    return openapi.describe(document(paths, **more), slug="pets")


def only(paths: Any, **more: Any) -> openapi.Operation:
    (found,) = described(paths, **more).operations
    return found


def test_an_operation_has_what_the_document_says() -> None:
    get = {
        "operationId": "pets_get",
        "summary": "Get a pet",
        "deprecated": True,
        "x-trellis-cost": 3,
        "x-trellis-scopes": ["pets:see", "pets:see"],
    }
    assert only({"/pets/{id}": {"get": get, "parameters": []}}) == openapi.Operation(
        "GET", "/pets/{id}", "pets_get", "Get a pet", ("pets:see",), 3, deprecated=True
    )


def test_an_operation_without_a_name_gets_one_that_no_other_has() -> None:
    paths: dict[str, Any] = {
        "/pets/{id}": {"get": {}},
        "/pets/id": {"get": {}},
        "/a": {"get": {}, "post": {}},
    }
    paths["/b"] = {"get": {"operationId": "get_a"}}
    names = {str(one): one.name for one in described(paths).operations}
    assert names == {
        "GET /b": "get_a",
        "GET /pets/{id}": "get_pets_id",
        "GET /pets/id": "get_pets_id_2",
        "GET /a": "get_a_2",
        "POST /a": "post_a",
    }


def test_a_parameter_may_take_several_segments() -> None:
    wide = {"name": "path", "in": "path", "x-multi-segment": True}
    components = {"parameters": {"path": wide}}
    get = {"parameters": [{"$ref": "#/components/parameters/path"}]}
    assert only({"/f/{path}/x": {"get": get}}, components=components).path == "/f/{+path}/x"
    assert only({"/f/{path}": {"get": {}, "parameters": [wide]}}).path == "/f/{+path}"
    assert only({"/f/a{path}": {"get": {}, "parameters": [wide]}}).path == "/f/a{path}"


def test_a_path_may_stand_elsewhere_in_the_document() -> None:
    paths = {"/pets": {"$ref": "#/components/pathItems/pets"}}
    found = only(paths, components={"pathItems": {"pets": {"get": {"operationId": "list"}}}})
    assert found.name == "list"


V1 = {"default": "v1"}


@pytest.mark.parametrize(
    ("servers", "origin", "base"),
    [
        ([], "", ""),
        ([{"url": "https://pets.example"}], "https://pets.example", ""),
        ([{"url": "https://pets.example:8443/api/v3/"}], "https://pets.example:8443", "/api/v3"),
        ([{"url": "/api"}, {"url": "https://other.example"}], "", "/api"),
        (
            [
                {
                    "url": "https://{zone}.example/{v}",
                    "variables": {"zone": {"default": "eu"}, "v": {"default": "v1"}},
                }
            ],
            "https://eu.example",
            "/v1",
        ),
    ],
)
def test_origin_and_base_come_from_the_first_server(servers: Any, origin: str, base: str) -> None:
    found = described(servers=servers)
    assert (found.origin, found.base) == (origin, base)


SCHEMES = {
    "securitySchemes": {
        "key": {"type": "apiKey", "name": "k", "in": "header"},
        "people": {
            "type": "oauth2",
            "flows": {"authorizationCode": {"scopes": {"see": "See pets. All of them."}}},
        },
    }
}


def test_scopes_of_oauth_stand_below_the_apis_own_word_and_keep_their_words() -> None:
    get = {"security": [{"key": []}, {"people": ["see", "feed"]}]}
    found = described({"/pets": {"get": get}}, components=SCHEMES)
    assert found.operations[0].scopes == ("pets:see", "pets:feed")
    assert found.scopes == {"pets:see": Words("See pets"), "pets:feed": Words("pets:feed")}


def test_the_documents_own_security_counts_where_an_operation_has_none() -> None:
    paths = {"/a": {"get": {}}, "/b": {"get": {"security": []}}}
    found = described(paths, components=SCHEMES, security=[{"people": ["see"]}])
    assert [one.scopes for one in found.operations] == [("pets:see",), ("pets:read",)]


def test_without_any_an_operation_needs_to_read_or_to_write() -> None:
    found = described({"/pets": {"get": {}, "post": {}, "delete": {}}})
    assert {one.method: one.scopes for one in found.operations} == {
        "GET": ("pets:read",),
        "POST": ("pets:write",),
        "DELETE": ("pets:write",),
    }
    assert found.scopes["pets:read"] == Words("Read Pets")
    assert found.scopes["pets:write"] == Words("Change what Pets holds", "high")


def test_an_api_of_this_project_needs_what_it_names_and_no_more() -> None:
    found = openapi.describe(
        document({"/pets/v1/me": {"get": {}}}), slug="pets", prefix="/pets/v1", native=True
    )
    assert [(one.path, one.scopes) for one in found.operations] == [("/me", ())]


def test_what_has_no_effect_is_said() -> None:
    paths = {"/pets": {"get": {"servers": [{"url": "https://b.example"}]}, "options": {}}}
    assert described(paths).notes == (
        "paths./pets: OPTIONS is left to the gateway.",
        "paths./pets.get: its own servers are not asked; its API's upstream is.",
    )


GET: dict[str, Any] = {"get": {}}
REFUSED: list[tuple[Any, str]] = [
    ([], "The document must be an object"),
    ({"swagger": "2.0"}, "swagger: this is Swagger 2.0; OpenAPI 3.0 and 3.1 are read"),
    ({"openapi": "3.2.0"}, "openapi must be 3.0.x or 3.1.x, not '3.2.0'"),
    ({"openapi": 3.1}, "openapi must be 3.0.x or 3.1.x, not 3.1"),
    ({"openapi": "3.1.0"}, "info must be an object"),
    ({"openapi": "3.1.0", "info": {}}, "paths must be an object"),
    (document({"x-none": {}}), "paths holds no operation"),
    (document({"pets": GET}), "paths.pets: a path begins with /"),
    (document({"/pets": {"get": []}}), "paths./pets.get must be an object"),
    (document({"/pets": {"get": {"summary": 1}}}), "paths./pets.get.summary must be a text"),
    (
        document({"/pets": {"get": {"operationId": ""}}}),
        "paths./pets.get.operationId must be a text of 1 to 120 characters",
    ),
    (
        document({"/a": {"get": {"operationId": "x"}}, "/b": {"put": {"operationId": "x"}}}),
        "paths./b.put.operationId and paths./a.get.operationId are both 'x'",
    ),
    (
        document({"/a/{id}": GET, "/a/{name}": GET}),
        "paths./a/{name}.get and paths./a/{id}.get are the same for every request",
    ),
    (document({"/a?b": GET}), "paths./a?b.get: '/a?b' is not a path"),
    (document({"/a//b": GET}), "paths./a//b.get"),
    (document({"/a/{id": GET}), "paths./a/{id.get"),
    (
        document({"/pets": {"get": {"x-trellis-cost": "2"}}}),
        "paths./pets.get.x-trellis-cost must be a whole number from 0",
    ),
    (
        document({"/pets": {"get": {"x-trellis-scopes": "a"}}}),
        "paths./pets.get.x-trellis-scopes must be a list",
    ),
    (
        document({"/pets": {"get": {"x-trellis-scopes": ["a b"]}}}),
        "paths./pets.get.x-trellis-scopes: 'a b' is not a scope",
    ),
    (
        document({"/pets": {"get": {"x-trellis-scopes": ["platform.keys:write"]}}}),
        "the scope platform.keys:write is the platform's own",
    ),
    (
        document({"/pets": {"get": {"x-trellis-scopes": ["email"]}}}),
        "the scope email is the platform's own",
    ),
    (
        document(**{"x-trellis-scopes": {"pets:see": {}}}),
        "x-trellis-scopes.pets:see.title is missing",
    ),
    (document(servers=[{"url": "https://[a"}]), "servers.0.url"),
    (document(servers=[{"url": "https://{zone}.example"}]), "servers.0.url"),
    (
        document({"/pets": {"$ref": "./pets.yaml"}}),
        "paths./pets: $ref './pets.yaml' leads outside the document. Bundle it",
    ),
    (
        document({"/pets": {"get": {"responses": {"$ref": "https://evil.example/x"}}}}),
        "paths./pets.get.responses: $ref 'https://evil.example/x' leads outside",
    ),
    (
        document({"/pets": {"get": {"parameters": [{"$ref": "#/components/none"}]}}}),
        "paths./pets.get.parameters.0: $ref '#/components/none' leads nowhere",
    ),
    (
        document(
            {"/pets": {"$ref": "#/components/a"}},
            components={"a": {"$ref": "#/components/b"}, "b": {"$ref": "#/components/a"}},
        ),
        "leads in a circle",
    ),
]


@pytest.mark.parametrize(("wrong", "why"), REFUSED, ids=[why[:40] for _, why in REFUSED])
def test_an_error_names_the_place(wrong: Any, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        openapi.describe(wrong, slug="pets")
    assert why in str(refused.value)


def test_a_reference_in_an_example_is_a_text_like_any_other() -> None:
    schema = {"example": {"$ref": "./elsewhere"}, "properties": {"$ref": {"type": "string"}}}
    assert described(components={"schemas": {"a": schema}}).operations


def test_two_parameters_cannot_both_take_several_segments() -> None:
    wide = [{"name": name, "in": "path", "x-multi-segment": True} for name in "ab"]
    with pytest.raises(Invalid, match="only one parameter"):
        described({"/{a}/x/{b}": {"get": {"parameters": wide}}})


YAML = """
openapi: 3.1.0
info: {title: Pets, version: 2026-01-01}
paths:
  /pets:
    get:
      operationId: no
      responses:
        200: {description: on}
"""


def test_yaml_is_read_as_json_would_be() -> None:
    found = documents.read(YAML.encode())
    assert found["info"]["version"] == "2026-01-01"
    assert found["paths"]["/pets"]["get"] == {
        "operationId": "no",
        "responses": {"200": {"description": "on"}},
    }
    assert documents.read(json.dumps(found).encode()) == found


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
UNREADABLE: list[tuple[bytes, str]] = [
    (b'{"a": 1,}', "Line 1, column 8: trailing comma"),
    (b"a: b: c", "Line 1, column 5: mapping values are not allowed"),
    (b"a: 1\nb: [1,\n", "Line 3, column 1"),
    (b"a: 1\nb: 2\na: 3", "Line 3: a stands twice"),
    (b"a: &x 1\nb:\n  <<: *x", "Line 3: merge keys"),
    (b"a: *b", "Line 1: *b names nothing"),
    (b"a: &a {b: *a}", "Line 1: *a names nothing"),
    (BOMB.encode(), "Line 7: the document is larger than 3,000,000 values"),
    (f"a: &a {'x' * 9_000}\nb: [{', '.join(['*a'] * 30_000)}]".encode(), "is larger than"),
    (b"[" * 100_000, "Line 1, column 1026"),
    (b"a: " + b"[" * 100_000, "Line 1: the document is deeper than 100"),
    (b"? [a]\n: b", "Line 1: a member's name must be a text"),
    (b"a\n---\nb", "There must be one document; there are 2"),
    (b"", "there are 0"),
    (b"a: \xff", "Line 1: the document must be UTF-8"),
    (b'{"a": "\\u0000"}', "a holds a character that no text may hold"),
    (b'{"a": NaN}', "Line 1, column 7"),
    (b"x" * 101, "at most 100 are read"),
]


@pytest.mark.parametrize(("data", "why"), UNREADABLE, ids=[why[:40] for _, why in UNREADABLE])
def test_what_cannot_be_read_says_where(data: bytes, why: str) -> None:
    limit = 100 if data == b"x" * 101 else documents.LIMIT
    with pytest.raises(Invalid) as refused:
        documents.read(data, limit=limit)
    assert why in str(refused.value)


def test_a_document_that_is_nested_too_deeply_is_refused_before_it_is_stored() -> None:
    deep: Any = {}
    for _ in range(120):
        deep = {"a": deep}
    with pytest.raises(Invalid, match="deeper than 100"):
        described(components=deep)
