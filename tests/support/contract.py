"""Hold every answer of the reference API against its OpenAPI document."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator

from apps.commerce import openapi

PROBLEM = "application/problem+json"


@cache
def document() -> dict[str, Any]:
    """Return the document, as plain JSON."""
    found: dict[str, Any] = json.loads(json.dumps(openapi.document()))
    return found


@cache
def operations() -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    """Return method, path pattern and description of every operation."""
    return [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), described)
        for path, item in document()["paths"].items()
        for method, described in item.items()
    ]


@cache
def validator(pointer: str) -> OAS31Validator:
    """Return what checks a value against the schema at ``pointer`` in the document."""
    return OAS31Validator({**document(), "$ref": pointer})


def check(method: str, url: str, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Fail unless the document describes this answer; unknown paths are let through."""
    path = url.partition("?")[0]
    described = next(
        (found for verb, shape, found in operations() if verb == method and shape.fullmatch(path)),
        None,
    )
    if described is None or status == 304:
        return
    assert str(status) in described["responses"], (described["operationId"], status, content)
    if status == 204:
        assert not content
        return
    media = described["responses"][str(status)]["content"]
    kind = headers["Content-Type"]
    assert kind in media, (described["operationId"], kind)
    body = json.loads(content)
    if "fields=" in url and status == 200:
        return  # The members were chosen; the schema names them all.
    validator(media[kind]["schema"]["$ref"]).validate(body)
    if kind == PROBLEM:
        known = media[kind].get("examples", {})
        codes = {example["value"]["code"] for example in known.values()}
        assert body["code"] in codes | {"caller_missing"}, (described["operationId"], body)
