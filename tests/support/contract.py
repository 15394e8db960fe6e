"""Hold every answer of the native APIs against their OpenAPI documents."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator

from apps.catalog import native

PROBLEM = "application/problem+json"


SLUGS = ("commerce", "platform")


@cache
def document(slug: str = "commerce") -> dict[str, Any]:
    """Return the document of the API's first version, as plain JSON."""
    found: dict[str, Any] = json.loads(json.dumps(native.registered[slug, 1].document()))
    return found


@cache
def operations(slug: str) -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    """Return method, path pattern and description of every operation."""
    return [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), described)
        for path, item in document(slug)["paths"].items()
        for method, described in item.items()
    ]


@cache
def validator(pointer: str, slug: str = "commerce") -> OAS31Validator:
    """Return what checks a value against the schema at ``pointer`` in the document."""
    return OAS31Validator({**document(slug), "$ref": pointer})


def check(method: str, url: str, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Fail unless the document describes this answer; unknown paths are let through."""
    path = url.partition("?")[0]
    slug = path.split("/")[1]
    if slug not in SLUGS:
        return
    described = next(
        (
            found
            for verb, shape, found in operations(slug)
            if verb == method and shape.fullmatch(path)
        ),
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
    validator(media[kind]["schema"]["$ref"], slug).validate(body)
    if kind == PROBLEM:
        known = media[kind].get("examples", {})
        codes = {example["value"]["code"] for example in known.values()}
        assert body["code"] in codes | {"caller_missing"}, (described["operationId"], body)
