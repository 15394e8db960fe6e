"""Requests and answers are held against the API's document, or answered from it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.catalog.models import Api, ApiVersion
from apps.keys.services import Issued
from gateway import mocking, schemas
from gateway.schemas import Document
from tests.gateway.conftest import World, bearer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn

BOOK = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "minLength": 2},
        "pages": {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True},
        "kind": {"type": "string", "enum": ["novel", "essay"], "nullable": True},
        "sequel": {"$ref": "#/components/schemas/Book"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Books", "version": "1"},
    "components": {
        "schemas": {"Book": BOOK},
        "parameters": {
            "limit": {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": 100},
            }
        },
        "responses": {"Missing": {"content": {"application/json": {"example": {"code": "gone"}}}}},
    },
    "paths": {
        "/echo": {
            "parameters": [{"$ref": "#/components/parameters/limit"}],
            "get": {
                "parameters": [
                    {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "X-Depth", "in": "header", "schema": {"type": "integer"}},
                    {
                        "name": "flag",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "boolean"}},
                    },
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["method", "nothing"],
                                }
                            }
                        }
                    }
                },
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Book"}}
                    },
                },
                "responses": {
                    "201": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Book"},
                                "examples": {
                                    "dune": {"value": {"title": "Dune"}},
                                    "emma": {"value": {"title": "Emma"}},
                                },
                            }
                        }
                    },
                    "404": {"$ref": "#/components/responses/Missing"},
                    "204": {"description": "Nothing."},
                },
            },
        },
        "/books/{id}": {
            "get": {
                "parameters": [
                    {
                        "name": "id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer"},
                    }
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "allOf": [
                                        {"$ref": "#/components/schemas/Book"},
                                        {"properties": {"id": {"type": "integer"}}},
                                    ]
                                }
                            }
                        }
                    }
                },
            }
        },
    },
}


@pytest.fixture
def documented(world: World, api: str) -> Iterator[None]:
    with world():
        ApiVersion.objects.filter(api=api).update(document=DOCUMENT, digest="books")
    yield
    with world():
        ApiVersion.objects.filter(api=api).update(document={}, digest="")
        Api.objects.filter(pk=api).update(policy={})


Call = Callable[..., Any]


@pytest.fixture
def post(gateway: Gateway, key: Issued) -> Call:
    def one(*, prefer: str = "", **options: Any) -> Any:
        headers = {**bearer(key), "Prefer": prefer}
        return gateway.client.post("/books/v1/echo", headers=headers, **options)

    return one


def test_every_place_that_is_wrong_is_named(
    post: Call, policed: Policed, documented: None, service: StandIn
) -> None:
    book = {"title": "D", "pages": 0, "kind": "poem", "sequel": {}, "tags": ["a", 1]}
    with policed(validate=["request"]):
        answer = post(json=book, params={"limit": "500"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "validation_failed")
    assert {(error["param"], error["code"]) for error in problem["errors"]} == {
        ("limit", "maximum"),
        ("title", "min_length"),
        ("pages", "exclusive_minimum"),
        ("kind", "enum"),
        ("sequel", "required"),
        ("tags[1]", "type"),
    }
    assert service.requests == []


def test_what_fits_passes_as_it_was_sent(
    post: Call, policed: Policed, documented: None, service: StandIn
) -> None:
    with policed(validate=["request"]):
        for book in (
            {"title": "Dune", "pages": None, "kind": None},
            {"title": "Dune", "pages": 412, "more": True, "sequel": {"title": "Messiah"}},
        ):
            assert post(json=book, params={"limit": "100"}).status_code == 200
    assert len(service.seen("echo")) == 2


def test_query_path_and_headers_are_read_as_their_types(
    gateway: Gateway, key: Issued, policed: Policed, documented: None
) -> None:
    def said(path: str, **headers: str) -> set[tuple[str, str]]:
        answer = gateway.client.get(f"/books/v1{path}", headers={**bearer(key), **headers})
        return {(e["param"], e["code"]) for e in answer.json().get("errors", [])}

    with policed(validate=["request"]):
        assert said("/echo") == {("q", "required")}
        assert said("/echo?q=x&flag=true,false&limit=7", **{"X-Depth": "3"}) == set()
        assert said("/echo?q=x&flag=true&flag=maybe") == {("flag[1]", "type")}
        assert said("/echo?q=x&limit=ten", **{"X-Depth": "deep"}) == {
            ("limit", "type"),
            ("X-Depth", "type"),
        }
        assert said("/books/seven") == {("id", "type")}
        assert said("/books/7") == set()


def test_bodies_of_another_kind_or_none_are_refused(
    post: Call, policed: Policed, documented: None, service: StandIn
) -> None:
    with policed(validate=["request"]):
        none, text = post(), post(data={"title": "Dune"})
    assert none.json()["errors"] == [
        {"param": "", "code": "required", "detail": "A body is required."}
    ]
    assert (text.status_code, text.json()["code"]) == (415, "media_type_unsupported")
    assert "application/json" in text.json()["detail"]
    assert service.requests == []


def test_an_answer_that_breaks_its_schema_is_kept_back(
    gateway: Gateway, key: Issued, policed: Policed, documented: None
) -> None:
    with policed(validate=["response"]):
        answer = gateway.client.get("/books/v1/echo?q=x", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert "breaks its own schema at the top" in answer.json()["detail"]
    with policed(validate=["request"]):
        assert gateway.client.get("/books/v1/echo?q=x", headers=bearer(key)).status_code == 200


def test_a_mock_answers_with_examples_and_asks_nobody(
    post: Call, policed: Policed, documented: None, service: StandIn
) -> None:
    with policed(mock=True):
        first, chosen, missing, empty, unknown = (
            post(json={"title": "Dune"}, prefer=wish)
            for wish in ("", "example=emma", "code=404", "code=204", "code=418")
        )
    assert (first.status_code, first.json()) == (201, {"title": "Dune"})
    assert first.headers["trellis-mock"] == "true"
    assert chosen.json() == {"title": "Emma"}
    assert (missing.status_code, missing.json()) == (404, {"code": "gone"})
    assert (empty.status_code, empty.content) == (204, b"")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "mock_unknown")
    assert service.requests == []


def test_a_mock_without_examples_makes_up_what_the_schema_allows(
    gateway: Gateway, key: Issued, policed: Policed, documented: None
) -> None:
    with policed(mock=True, validate=["response"]):
        answer = gateway.client.get("/books/v1/books/7", headers=bearer(key))
    assert answer.status_code == 200
    assert answer.json()["title"] == "text"
    assert isinstance(answer.json()["id"], int)


def test_what_is_made_up_always_fits() -> None:
    shape = Document(DOCUMENT).shape("GET", "/books/{id}")
    assert shape is not None
    schema = shape.answer(200, "application/json")
    assert schema is not None
    assert schemas.wrong(schema, mocking.value(schema)) == []


def test_references_in_a_circle_end() -> None:
    circle = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}
    assert Document(circle).spot("#/a") is None
