"""Large documents, and documents with what does not belong there, are compared all the same."""

import copy
import random
import time
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from apps.catalog import openapi
from apps.catalog.differences import between
from apps.core import documents
from apps.core.members import Invalid
from tests.apps.catalog.test_differences import compare, shared
from tests.judges.conftest import HERE, node  # noqa: F401 - a fixture

FIGMA = HERE / "node_modules/@figma/rest-api-spec/openapi/openapi.yaml"
GITHUB = HERE / "node_modules/@octokit/openapi/generated/api.github.com.json"


def test_githubs_document_is_compared_in_a_moment(node: str) -> None:  # noqa: F811 - the fixture
    before = orjson.loads(GITHUB.read_bytes())
    after = copy.deepcopy(before)
    left: list[Any] = [after]
    while left:  # Nothing stays equal, so nothing can be passed over.
        one = left.pop()
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else []
        if isinstance(one, dict) and isinstance(one.get("type"), str):
            one["description"] = "changed"
            if one["type"] == "string":
                one["maxLength"] = 1_000
    operations = openapi.describe(before, slug="github").operations
    assert between(before, before, was=operations, will=operations) == []
    began = time.process_time()
    found = between(before, after, was=operations, will=operations)
    assert time.process_time() - began < 5
    assert len(found) > 1_000


ODD: list[Any] = [
    None,
    True,
    1,
    "x",
    [],
    {},
    [[]],
    {"$ref": "#/info"},
    {"type": [1, {}]},
    {"enum": {}},
]


def test_no_document_that_is_accepted_stops_the_comparison(node: str) -> None:  # noqa: F811 - the fixture
    """Parts of a real document are replaced by what does not belong there."""
    figma = documents.read(FIGMA.read_bytes())
    chance = random.Random(4)
    accepted = 0
    for _ in range(60):
        changed = copy.deepcopy(figma)
        for _ in range(3):
            place: Any = changed["paths"] if chance.random() < 0.5 else changed["components"]
            for _ in range(chance.randint(1, 12)):
                keys = list(place) if isinstance(place, dict) else range(len(place))
                inner = [key for key in keys if isinstance(place[key], dict | list)]
                if not inner or chance.random() < 0.1:
                    break
                place = place[chance.choice(inner)]
            if keys := list(place) if isinstance(place, dict) else list(range(len(place))):
                place[chance.choice(keys)] = copy.deepcopy(chance.choice(ODD))
        try:
            was, will = (openapi.describe(d, slug="f").operations for d in (figma, changed))
        except Invalid:
            continue
        accepted += 1
        between(figma, changed, was=was, will=will)
        between(changed, figma, was=will, will=was)
    assert accepted > 10


NAMES = some.sampled_from(
    [
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "format",
        *("nullable", "default", "minimum", "exclusiveMinimum", "additionalProperties", "$ref"),
        *("not", "deprecated", "readOnly", "maxLength", "multipleOf", "a"),
    ]
)
VALUES = some.recursive(
    some.sampled_from(["string", "object", "null", "a", "#/components/schemas/Pet"])
    | some.none()
    | some.booleans()
    | some.integers(-2, 2)
    | some.floats(allow_nan=False),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, VALUES)
def test_whatever_stands_where_schemas_belong_is_compared(one: Any, two: Any) -> None:
    try:
        before, after = shared(one, 1), shared(two, 1)
        compare(before, before)
        found = compare(before, after)
    except Invalid:
        return
    assert compare(before, before) == []
    assert all(str(difference) for difference in found)
