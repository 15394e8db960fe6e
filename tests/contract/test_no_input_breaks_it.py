"""Whatever a caller puts into a parameter, a path or a body, the answer is never a 5xx."""

import itertools
from typing import Any
from urllib.parse import quote

import pytest

from apps.core import ids
from tests.support import contract, make
from tests.support.api import Api
from tests.support.managed import caller_of, filled

JSON = "application/json"
TEXTS = [
    "",
    " ",
    "x",
    "-1",
    "0",
    "1e400",
    "99999999999999999999",
    "NaN",
    "1.5",
    "true",
    "null",
    "'; DROP TABLE commerce_order; --",
    "%",
    "\0",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "٣",
    "x" * 3000,
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-22",
    "2026-11-22T10:00:00Z",
    "{}",
    "a.b.c.d",
    "..",
    "cus_" + "z" * 22,
    ids.new("ord"),
]
VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    10**40,
    1.5,
    1e300,
    "",
    "x",
    "x" * 3000,
    "é" * 300,
    "\u202e",
    [],
    [None],
    [[]],
    {},
    {"a": {"b": "c"}},
    {"": ""},
    [{}],
    [{"product": None}],
    [{"product": "cus_" + "z" * 22, "quantity": 10**40}],
    ids.new("cus"),
    ids.new("prd"),
]


def operations() -> list[Any]:
    return [
        pytest.param(method.upper(), path, described, id=described["operationId"])
        for slug in contract.SLUGS
        for path, item in contract.document(slug)["paths"].items()
        for method, described in item.items()
    ]


def example(described: dict[str, Any]) -> dict[str, Any]:
    media = described["requestBody"]["content"][JSON]
    (found,) = media["examples"].values()
    value: dict[str, Any] = found["value"]
    return value


def members(described: dict[str, Any], slug: str) -> list[str]:
    media = described["requestBody"]["content"][JSON]
    name = media["schema"]["$ref"].rpartition("/")[2]
    return list(contract.document(slug)["components"]["schemas"][name]["properties"])


def caller(slug: str, kind: str) -> tuple[Api, str]:
    """Return who may do everything, and the identifier of an object of a kind."""
    if slug == "platform":
        owner = caller_of(kind)
        return owner, filled(owner).get(kind, "")
    api = Api(make.sandbox(seed="small shop"))
    return api, api.get(f"{kind}?limit=1").json()["data"][0]["id"]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "described"), operations())
def test_it_answers(method: str, path: str, described: dict[str, Any]) -> None:
    _, slug, _, kind, *_ = path.split("/")
    api, mine = caller(slug, kind)
    own = path.replace("{id}", mine)
    queries = [each["name"] for each in described["parameters"] if each["in"] == "query"]
    for name, text in itertools.product(queries, TEXTS):
        answer = api.send(method, f"{own}?{quote(name)}={quote(text)}")
        assert answer.status < 500, (name, text, answer.content)
    if "{id}" in path:
        for text in TEXTS:
            odd = path.replace("{id}", quote(text, safe=""))
            assert api.send(method, odd).status < 500, text
    for header, text in itertools.product(("If-Match", "If-None-Match", "Idempotency-Key"), TEXTS):
        plain = text.encode("latin-1", "replace").decode("latin-1").replace("\0", "")
        assert api.send(method, own, {}, headers={header: plain}).status < 500, (header, text)
    for media in set(described.get("requestBody", {}).get("content", ())) - {JSON}:
        for file in (b"", b"x", b"\0" * 3000, b"\x89PNG\r\n\x1a\n"):
            assert api.send(method, own, file, media_type=media).status < 500, (media, file)
    if JSON in described.get("requestBody", {}).get("content", ()):
        for name, value in itertools.product(members(described, slug), VALUES):
            answer = api.send(method, own, example(described) | {name: value})
            assert answer.status < 500, (name, value, answer.content)
