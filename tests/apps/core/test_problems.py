"""Whatever goes wrong is answered as one kind of document."""

import logging
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions

from apps.core.request import current_request
from apps.core.rest import problems
from tests.support import make
from tests.support.api import Api, anonymous


@pytest.fixture
def api(db: None) -> Api:
    return Api(make.sandbox())


@pytest.mark.spec("RFC 9457", "3")
def test_the_document_has_every_member(api: Api) -> None:
    answer = api.get("orders/ord_nothing")
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    request_id = answer.headers["Trellis-Request-Id"]
    assert problem == {
        "type": "http://localhost:8000/docs/errors/not_found",
        "title": "There is no such thing, or not for this caller.",
        "status": 404,
        "detail": "There is no such object, or not for this credential.",
        "code": "not_found",
        "request_id": request_id,
        "instance": f"http://localhost:8000/explain/{request_id}",
    }


def test_a_path_that_no_api_has_is_a_problem_too(api: Api) -> None:
    for path in ("/commerce/v1/", "/commerce/v1/nothing", "/commerce/v1/orders/a/b/c"):
        answer = api.get(path)
        assert (answer.status, answer.code) == (404, "not_found")
        assert path in answer.json()["detail"]


def test_a_method_that_a_path_lacks_is_refused_with_those_it_has(api: Api) -> None:
    for method in ("PUT", "OPTIONS", "DELETE", "TRACE"):
        answer = api.send(method, "orders")
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_head_answers_like_get_without_a_body(api: Api) -> None:
    head, get = api.send("HEAD", "orders"), api.get("orders")
    assert (head.status, head.content) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_only_json_bodies_are_read(api: Api, media_type: str) -> None:
    answer = api.send("POST", "customers", b'{"name": "Ada"}', media_type=media_type)
    assert (answer.status, answer.code) == (415, "media_type_unsupported")
    assert answer.headers["Accept"] == "application/json"
    assert api.get("customers").json()["data"] == []


def test_malformed_and_oversized_bodies_are_told_apart(api: Api) -> None:
    assert api.send("POST", "customers", b'{"name": ').code == "json_malformed"
    answer = api.send("POST", "customers", b'{"name": "' + b"x" * 1024 * 1024 + b'"}')
    assert (answer.status, answer.code) == (413, "body_too_large")
    keyed = {"Idempotency-Key": "a"}
    big = api.send("POST", "customers", b" " * 3_000_000, headers=keyed)
    assert (big.status, big.code) == (413, "body_too_large")


def test_an_announced_size_is_enough_to_be_refused_where_no_body_is_read(api: Api) -> None:
    customer = api.post("customers", {"name": "Ada"}).json()["id"]
    big = b" " * 1_048_577
    for method, path in (("GET", "customers"), ("DELETE", f"customers/{customer}")):
        answer = api.send(method, path, big)
        assert (answer.status, answer.code) == (413, "body_too_large")
    assert api.get(f"customers/{customer}").status == 200
    assert api.send("DELETE", f"customers/{customer}", big[1:]).status == 204


def test_no_answer_is_kept_by_anybody_between(api: Api) -> None:
    customer = api.post("customers", {"name": "Ada"})
    found = api.get(f"customers/{customer.json()['id']}")
    same = api.get(f"customers/{customer.json()['id']}", If_None_Match=found.headers["ETag"])
    answers = [customer, found, same, api.get("customers"), api.get("orders/ord_nothing")]
    answers.append(anonymous("GET", "orders"))
    assert [answer.status for answer in answers] == [201, 200, 304, 200, 404, 401]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"private, no-cache"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_chunked_body_is_refused_rather_than_taken_for_none(api: Api, method: str) -> None:
    answer = api.send(method, "customers", b"", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status, answer.code) == (411, "length_required")


def test_every_answer_announces_its_size(api: Api) -> None:
    for path in ("orders", "orders/ord_nothing", "nothing"):
        answer = api.get(path)
        assert answer.headers["Content-Length"] == str(len(answer.content))


def test_only_the_gateway_is_let_in() -> None:
    answer = anonymous("GET", "orders")
    assert (answer.status, answer.code) == (401, "caller_missing")
    assert answer.headers["WWW-Authenticate"]
    assert "Trellis-Request-Id" not in answer.headers


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "denied"),
        (exceptions.NotAuthenticated(), 401, "unauthorized"),
        (exceptions.ParseError(), 400, "bad_request"),
        (exceptions.ValidationError({"name": ["No."]}), 400, "validation_failed"),
    ],
)
def test_errors_of_the_frameworks_are_translated(error: Exception, status: int, code: str) -> None:
    problem = problems.translate(error)
    assert (int(problem.status), problem.code) == (status, code)


def test_what_nobody_foresaw_is_logged_and_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = current_request.set("req_1")
    with caplog.at_level(logging.ERROR):
        answer = problems.handle(KeyError("a secret"), {})
    current_request.reset(token)
    assert answer.status_code == 500
    assert b"secret" not in answer.content
    assert "req_1" in caplog.text
    assert "a secret" in caplog.text


def test_two_requests_in_each_others_way_may_try_again() -> None:
    class Said(Exception):  # noqa: N818 - stands in for psycopg's
        sqlstate = "40P01"

    error = OperationalError("deadlock detected")
    error.__cause__ = Said()
    problem = problems.translate(error)
    assert (problem.code, problem.headers) == ("contended", {"Retry-After": "1"})
    error.__cause__.sqlstate = "53100"  # a full disk
    assert problems.translate(error).code == "internal_error"


@pytest.mark.parametrize(
    ("detail", "params"),
    [
        ({"a": ["x"], "b": ["x", "y"]}, ["a", "b", "b"]),
        ({"a": {"b": ["x"]}}, ["a.b"]),
        ({"a": [{}, {"b": ["x"]}]}, ["a[1].b"]),
        ({"a": {1: ["x"]}}, ["a[1]"]),
        ({"non_field_errors": ["x"]}, [""]),
        ({"a": {"non_field_errors": ["x"]}}, ["a"]),
    ],
)
def test_every_wrong_value_is_named_by_its_path(detail: Any, params: list[str]) -> None:
    problem = problems.invalid(exceptions.ValidationError(detail).detail)
    assert [error["param"] for error in problem.errors or []] == params
