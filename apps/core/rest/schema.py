"""From the declaration of an operation to its description in OpenAPI."""

import inspect
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import django_filters
from django_filters import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema_serializer,
)
from rest_framework import serializers

from apps.core.errors import (
    LimitReached,
    Missing,
    Problem,
    ScopeMissing,
    Unauthorized,
    Unavailable,
)
from apps.core.rest import errors, pagination
from apps.core.rest.components import Problems

PORTAL = "https://developers.example.com"
BROKEN = (errors.InternalError, errors.UpstreamFailed, Unavailable, errors.UpstreamTimeout)
REQUEST = "req_01NThrfmkS6qMbYGW5ZPnQ"


@dataclass(frozen=True)
class Described:
    """Everything that an operation's description is made of."""

    name: str
    summary: str
    description: str
    scopes: tuple[str, ...]
    cost: int
    answer: Any
    status: int
    body: Any
    key: str
    writes: bool
    filters: type[FilterSet] | None
    sorts: tuple[str, ...]
    problems: tuple[type[Problem], ...]
    expands: tuple[str, ...]
    example: Any
    asks: Any
    whole: bool
    versioned: bool
    once: tuple[str, ...]
    media: tuple[str, ...]


def listed(item: type[serializers.Serializer[Any]]) -> Any:
    """Return the serializer of a page of ``item``."""
    name = item.__name__.removesuffix("Serializer")
    members = {
        "__doc__": "One page of a list.",
        "object": serializers.ChoiceField(choices=["list"]),
        "data": item(many=True),
        "has_more": serializers.BooleanField(help_text="Whether more objects follow."),
        "next_cursor": serializers.CharField(
            allow_null=True, help_text="Where the next page begins; null on the last one."
        ),
    }
    made = type(f"{name}List", (serializers.Serializer,), members)
    return extend_schema_serializer(many=False)(made)


def describe(operation: Described) -> dict[str, Any]:
    """Return the arguments of drf-spectacular's ``extend_schema``."""
    answer = listed(operation.answer) if operation.sorts else operation.answer
    return {
        "operation_id": operation.name,
        "summary": operation.summary,
        "description": inspect.cleandoc(operation.description),
        "tags": [operation.name.rpartition("_")[0].replace("_", " ").capitalize()],
        "request": dict.fromkeys(operation.media, OpenApiTypes.BINARY) or operation.body,
        "parameters": _parameters(operation),
        "responses": {
            operation.status: _success(operation, answer),
            **_unchanged(operation),
            **_failures(operation),
        },
        "examples": _asked(operation),
        "extensions": {
            "x-trellis-scopes": list(operation.scopes),
            "x-trellis-cost": operation.cost,
        },
    }


def _success(operation: Described, answer: Any) -> OpenApiResponse:
    if answer is None:
        return OpenApiResponse(description="Done; there is no body.")
    example = operation.example
    if operation.sorts:
        example = {"object": "list", "data": [example], "has_more": False, "next_cursor": None}
    shown = OpenApiExample(
        "Answer", value=example, response_only=True, status_codes=[str(operation.status)]
    )
    return OpenApiResponse(answer, description=operation.summary + ".", examples=[shown])


def _unchanged(operation: Described) -> dict[Any, OpenApiResponse]:
    if operation.answer is None or operation.writes:
        return {}
    words = "The caller has what would be answered: its ETag is still this. There is no body."
    return {304: OpenApiResponse(description=words)}


def _asked(operation: Described) -> list[OpenApiExample]:
    if operation.asks is None:
        return []
    return [OpenApiExample("Request", value=operation.asks, request_only=True)]


def _failures(operation: Described) -> dict[Any, OpenApiResponse]:
    kinds: dict[int, list[type[Problem]]] = defaultdict(list)
    for kind in dict.fromkeys((*operation.problems, *_usual(operation))):
        kinds[int(kind.status)].append(kind)
    return {
        (status, "application/problem+json"): OpenApiResponse(
            Problems,
            description=" ".join(f"`{kind.code}`: {kind.title()}" for kind in same),
            examples=[_failed(kind, status) for kind in same],
        )
        for status, same in sorted(kinds.items())
    }


def _failed(kind: type[Problem], status: int) -> OpenApiExample:
    value = {
        "type": f"{PORTAL}/docs/errors/{kind.code}",
        "title": kind.title(),
        "status": status,
        "detail": kind.title(),
        "code": kind.code,
        "request_id": REQUEST,
        "instance": f"{PORTAL}/explain/{REQUEST}",
    }
    return OpenApiExample(kind.code, value=value, response_only=True, status_codes=[str(status)])


def _usual(operation: Described) -> tuple[type[Problem], ...]:
    """Return what can go wrong with every operation of this form."""
    usual: tuple[type[Problem], ...] = (  # a body's size is looked at where none is read, too
        errors.ParameterUnknown,
        errors.BodyTooLarge,
        errors.LengthRequired,
    )
    if operation.sorts:
        usual += (errors.ValidationFailed, errors.CursorInvalid)
    if operation.expands:
        usual += (errors.ExpansionUnknown, errors.ExpansionTooDeep)
    if operation.key:
        usual += (Missing,)
    if operation.versioned and operation.writes:
        usual += (errors.PreconditionFailed, errors.Contended)
    if operation.body:
        usual += (errors.ValidationFailed, errors.JsonMalformed, errors.BodyTooComplex)
    if operation.body or operation.media:
        usual += (errors.MediaTypeUnsupported,)
    return (*usual, Unauthorized, ScopeMissing, LimitReached, *BROKEN)


def _parameters(operation: Described) -> list[OpenApiParameter]:
    found = [_response_header("Trellis-Request-Id", "Names this request.")]
    if operation.key:
        words = f"Identifier of the object, `{operation.key}_…`."
        found.append(OpenApiParameter("id", str, OpenApiParameter.PATH, description=words))
    if operation.writes:
        found.append(_header("Idempotency-Key", "The same key again has no second effect."))
    if operation.writes and operation.versioned:
        found.append(_header("If-Match", "Change the object only if its ETag is still this."))
    if operation.answer is not None:
        if not operation.whole:
            found.append(_query("fields", "Members to answer with, separated by commas."))
        found.append(_response_header("ETag", "The version of what is answered."))
        if not operation.writes:
            found.append(_header("If-None-Match", "Answer 304 if the ETag is still this."))
    if operation.expands:
        words = f"Answer with objects instead of identifiers: {', '.join(operation.expands)}."
        found.append(_query("expand[]", words, many=True, enum=list(operation.expands)))
    if operation.sorts:
        found += _paging(operation)
    return found


def _paging(operation: Described) -> list[OpenApiParameter]:
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": pagination.MAX_LIMIT,
        "default": pagination.DEFAULT_LIMIT,
    }
    filters = operation.filters.base_filters if operation.filters else {}
    return [
        _query("limit", "How many objects at most.", kind=limit),
        _query("starting_after", "`next_cursor` of the page before, or an object's id."),
        _query("ending_before", "Page backwards from this cursor or object's id."),
        _query("sort", "The order; `-` is descending.", enum=list(operation.sorts)),
        *(_filter(name, found) for name, found in filters.items()),
    ]


KINDS: list[tuple[type[django_filters.Filter], Any]] = [
    (django_filters.NumberFilter, OpenApiTypes.INT),
    (django_filters.BooleanFilter, OpenApiTypes.BOOL),
    (django_filters.IsoDateTimeFilter, OpenApiTypes.DATETIME),
]


def _filter(name: str, found: django_filters.Filter) -> OpenApiParameter:
    kind = next((kind for type_, kind in KINDS if isinstance(found, type_)), OpenApiTypes.STR)
    choices = found.extra.get("choices")
    enum = [value for value, _ in choices] if choices else None
    return _query(name, str(found.extra.get("help_text", "")), kind=kind, enum=enum)


def _query(
    name: str,
    words: str,
    *,
    kind: Any = str,
    many: bool = False,
    enum: Any = None,
) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words, many=many, enum=enum)


def _header(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=words)


def _response_header(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=words, response=True)
