"""Two documents of one version are held against each other: what is told, and what breaks."""

import time
from typing import Any

import pytest

from apps.catalog import openapi
from apps.catalog.breaking import RULES, Weight, words
from apps.catalog.differences import Difference, between

JSON = "application/json"
PET = {"$ref": "#/components/schemas/Pet"}


def document(operation: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    one = {"operationId": "pets_create", **(operation or {})}
    return {"openapi": "3.1.0", "info": {"title": "Pets"}, "paths": {"/pets": {"post": one}}} | more


def takes(schema: Any, **more: Any) -> dict[str, Any]:
    body = {"content": {JSON: {"schema": {"properties": {"x": schema}, **more}}}}
    return document({"requestBody": body})


def answers(schema: Any, **more: Any) -> dict[str, Any]:
    content = {JSON: {"schema": {"properties": {"x": schema}, **more}}}
    return document({"responses": {"200": {"content": content}}})


def query(**parameter: Any) -> dict[str, Any]:
    return document({"parameters": [{"in": "query", "name": "q", **parameter}]})


def body(**request: Any) -> dict[str, Any]:
    return document({"requestBody": {"content": {JSON: {}}, **request}})


def replies(**responses: Any) -> dict[str, Any]:
    return document({"responses": {name.strip("_"): one for name, one in responses.items()}})


def compare(before: Any, after: Any) -> list[Difference]:
    was, will = (openapi.describe(one, slug="pets").operations for one in (before, after))
    return between(before, after, was=was, will=will)


PLAIN = document()
TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
MAYBE = {"type": ["string", "null"]}
ONE, TWO = {"enum": ["a"]}, {"enum": ["a", "b"]}
CAT, DOG = ({"title": name, "properties": {name: TEXT}} for name in ("Cat", "Dog"))
CATS, BOTH = {"oneOf": [CAT]}, {"oneOf": [CAT, DOG]}
SCOPES = {"x-trellis-scopes": ["pets:write", "pets:admin"]}
TOLD = {"X-Total": {"schema": WHOLE}}
# (kind, before, after, words): every kind there is, each by the smallest pair that shows it.
CASES: list[tuple[str, Any, Any, str]] = [
    ("operation_deprecated", PLAIN, document({"deprecated": True}), "The operation is deprecated."),
    ("operation_restored", document({"deprecated": True}), PLAIN, "is no longer deprecated"),
    ("operation_renamed", PLAIN, document({"operationId": "add"}), "called `add`, no longer `pe"),
    ("scopes_widened", PLAIN, document(SCOPES), "It needs the scope `pets:admin` too."),
    ("scopes_narrowed", document(SCOPES), PLAIN, "no longer needs the scope `pets:admin`"),
    ("cost_raised", PLAIN, document({"x-trellis-cost": 3}), "A call costs 3 units, not 1."),
    ("cost_lowered", document({"x-trellis-cost": 3}), PLAIN, "A call costs 1 units, not 3."),
    ("parameter_added", PLAIN, query(), "New optional query parameter `q`."),
    ("parameter_added_required", PLAIN, query(required=True), "New query parameter `q`, which"),
    ("parameter_removed", query(), PLAIN, "The query parameter `q` is gone."),
    ("parameter_required", query(), query(required=True), "parameter `q` is required now"),
    ("parameter_optional", query(required=True), query(), "parameter `q` is optional now"),
    ("parameter_deprecated", query(), query(schema={"deprecated": True}), "`q` is deprecated"),
    ("parameter_restored", query(deprecated=True), query(), "`q` is no longer deprecated"),
    ("parameter_style", query(), query(explode=False), "as form, not as form, exploded"),
    ("request_body_added", PLAIN, body(), "It takes a body now."),
    ("request_body_required", PLAIN, body(required=True), "A body is required now."),
    ("request_body_required", body(), body(required=True), "A body is required now."),
    ("request_body_optional", body(required=True), body(), "The body is optional now."),
    ("request_body_removed", body(), PLAIN, "It takes no body any more."),
    ("request_media_added", body(), body(content={JSON: {}, "a/b": {}}), "may be a/b too"),
    ("request_media_removed", body(content={JSON: {}, "a/b": {}}), body(), "no longer be a/b"),
    ("answer_added", PLAIN, replies(_404={}), "It may answer 404."),
    ("answer_success_added", PLAIN, replies(_201={}), "It may succeed with 201 too."),
    ("answer_removed", replies(_404={}), PLAIN, "It no longer answers 404."),
    ("answer_success_removed", replies(_201={}), PLAIN, "It no longer succeeds with 201."),
    ("answer_media_added", replies(_200={}), answers({}), "Answers 200 may be application/json"),
    ("answer_media_removed", answers({}), replies(_200={}), "Answers 200 are no longer appl"),
    ("answer_header_added", replies(_200={}), replies(_200={"headers": TOLD}), "header x-total"),
    ("answer_header_removed", replies(_200={"headers": TOLD}), replies(_200={}), "no header x-t"),
    ("request_property_added", takes(TEXT), takes(TEXT, allOf=[DOG]), "property `body.Dog`"),
    (
        "request_property_added_required",
        takes(TEXT),
        takes(TEXT, allOf=[DOG], required=["Dog"]),
        "New property `body.Dog`, which is required.",
    ),
    ("request_property_removed", takes(TEXT, allOf=[DOG]), takes(TEXT), "`body.Dog` is not taken"),
    (
        "request_property_refused",
        takes(TEXT, allOf=[DOG], additionalProperties=False),
        takes(TEXT, additionalProperties=False),
        "The property `body.Dog` is refused now.",
    ),
    ("request_property_required", takes(TEXT), takes(TEXT, required=["x"]), "`body.x` is required"),
    ("request_property_optional", takes(TEXT, required=["x"]), takes(TEXT), "`body.x` is optional"),
    ("request_property_deprecated", takes(TEXT), takes(TEXT | {"deprecated": True}), "`body.x` is"),
    ("request_property_restored", takes(TEXT | {"deprecated": True}), takes(TEXT), "`body.x` is n"),
    ("request_type_narrowed", takes(MAYBE), takes(TEXT), "takes string, no longer string or null"),
    ("request_type_narrowed", takes(NUMBER), takes(WHOLE), "takes integer, no longer number"),
    ("request_type_narrowed", takes({}), takes(TEXT), "takes string, no longer anything"),
    ("request_type_widened", takes(WHOLE), takes(NUMBER), "takes number, not only integer"),
    ("request_type_changed", takes(TEXT), takes(WHOLE), "takes integer instead of string"),
    ("request_enum_narrowed", takes(TWO), takes(ONE), '`body.x` no longer takes "b".'),
    ("request_enum_closed", takes(TEXT), takes(TWO | TEXT), '`body.x` takes only "a", "b".'),
    ("request_enum_widened", takes(ONE), takes(TWO), '`body.x` takes "b" too.'),
    ("request_enum_opened", takes(ONE), takes(TEXT), 'other values than "a" too'),
    ("request_format_narrowed", takes(TEXT), takes(TEXT | {"format": "uuid"}), "must be uuid"),
    (
        "request_format_widened",
        takes(WHOLE | {"format": "int32"}),
        takes(WHOLE | {"format": "int64"}),
        "may be int64, before int32",
    ),
    (
        "request_format_changed",
        takes(TEXT | {"format": "date"}),
        takes(TEXT | {"format": "date-time"}),
        "must be date-time, before date.",
    ),
    ("request_bound_narrowed", takes(TEXT), takes(TEXT | {"maxLength": 9}), "maxLength 9, before"),
    (
        "request_bound_narrowed",
        takes(NUMBER | {"minimum": 0}),
        takes(NUMBER | {"exclusiveMinimum": 0}),
        "`body.x`: minimum 0 (excluded), before minimum 0.",
    ),
    ("request_bound_widened", takes(TEXT | {"maxLength": 9}), takes(TEXT), "no maxLength, before"),
    ("request_pattern_changed", takes(TEXT), takes(TEXT | {"pattern": "^a"}), "must be like ^a"),
    ("request_pattern_dropped", takes(TEXT | {"pattern": "^a"}), takes(TEXT), "be like ^a."),
    (
        "request_default_changed",
        takes(TEXT | {"default": "a"}),
        takes(TEXT | {"default": "b"}),
        "Without `body.x` it means b, before a.",
    ),
    (
        "request_closed",
        takes(TEXT),
        takes(TEXT, additionalProperties=False),
        "`body` refuses properties",
    ),
    (
        "request_opened",
        takes(TEXT, additionalProperties=False),
        takes(TEXT),
        "`body` takes properties",
    ),
    ("request_alternative_added", takes(CATS), takes(BOTH), "`body.x` may be `Dog` too."),
    ("request_alternative_removed", takes(BOTH), takes(CATS), "`body.x` can no longer be `Dog`."),
    ("request_constraint_changed", takes({}), takes({"not": {}}), "The rule not of `body.x`"),
    ("answer_property_added", answers(TEXT), answers(TEXT, allOf=[DOG]), "property `200.Dog`"),
    ("answer_property_removed", answers(TEXT, allOf=[DOG]), answers(TEXT), "`200.Dog` is gone"),
    (
        "answer_property_required",
        answers(TEXT),
        answers(TEXT, required=["x"]),
        "`200.x` is always there",
    ),
    (
        "answer_property_optional",
        answers(TEXT, required=["x"]),
        answers(TEXT),
        "`200.x` may be missing",
    ),
    ("answer_property_deprecated", answers(TEXT), answers(TEXT | {"deprecated": True}), "`200.x`"),
    ("answer_property_restored", answers(TEXT | {"deprecated": True}), answers(TEXT), "`200.x` is"),
    ("answer_type_narrowed", answers(MAYBE), answers(TEXT), "always string, before string or nu"),
    ("answer_type_widened", answers(TEXT), answers(MAYBE), "may be string or null, before string"),
    ("answer_type_changed", answers(TEXT), answers(WHOLE), "`200.x` is integer, before string."),
    ("answer_enum_narrowed", answers(TWO), answers(ONE), '`200.x` is never "b" any more.'),
    ("answer_enum_closed", answers(TEXT), answers(ONE | TEXT), '`200.x` is one of "a".'),
    ("answer_enum_widened", answers(ONE), answers(TWO), '`200.x` may be "b" too.'),
    ("answer_enum_opened", answers(ONE), answers(TEXT), '`200.x` may be other than "a".'),
    ("answer_format_narrowed", answers(TEXT), answers(TEXT | {"format": "uuid"}), "is uuid, befo"),
    ("answer_format_widened", answers(TEXT | {"format": "uuid"}), answers(TEXT), "is of any form"),
    (
        "answer_format_changed",
        answers(TEXT | {"format": "date"}),
        answers(TEXT | {"format": "date-time"}),
        "`200.x` is date-time, before date.",
    ),
    ("answer_bound_narrowed", answers(TEXT), answers(TEXT | {"maxLength": 9}), "maxLength 9, bef"),
    ("answer_bound_widened", answers(TEXT | {"maxLength": 9}), answers(TEXT), "no maxLength, bef"),
    (
        "answer_closed",
        answers(TEXT),
        answers(TEXT, additionalProperties=False),
        "`200` has no other properties.",
    ),
    (
        "answer_opened",
        answers(TEXT, additionalProperties=False),
        answers(TEXT),
        "`200` may have other properties.",
    ),
    ("answer_alternative_added", answers(CATS), answers(BOTH), "`200.x` may be `Dog` too."),
    ("answer_alternative_removed", answers(BOTH), answers(CATS), "`200.x` is never `Dog` any"),
    ("answer_constraint_changed", answers({}), answers({"not": {}}), "The rule not of `200.x`"),
]
ELSEWHERE = {"operation_added", "operation_removed", "not_compared"}  # below
ELSEWHERE |= {name for name in RULES if name.startswith("version_")}  # tests of publishing


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"), CASES, ids=[f"{n}-{one[0]}" for n, one in enumerate(CASES)]
)
def test_a_change_is_told_once_in_words(kind: str, before: Any, after: Any, said: str) -> None:
    found = compare(before, after)
    assert [one.kind for one in found] == [kind]
    assert said in found[0].words
    assert found[0].weight == RULES[kind].weight
    assert len(found[0].operations) == 1


def test_every_kind_of_the_table_is_seen_here() -> None:
    assert {kind for kind, *_ in CASES} | ELSEWHERE == set(RULES)
    assert all(rule.words.endswith(".") and rule.why for rule in RULES.values())


def test_operations_come_and_go_whatever_their_parameters_are_called() -> None:
    before = document(paths={"/pets/{id}": {"get": {"operationId": "show"}}, "/a": {"get": {}}})
    after = document(paths={"/pets/{pet}": {"get": {"operationId": "show"}}, "/b": {"get": {}}})
    found = [(str(one), one.weight) for one in compare(before, after)]
    assert found == [
        ("get_a: The operation is gone.", Weight.BREAKS),
        ("get_b: New operation.", Weight.FITS),
    ]


SAME = [
    (takes({"type": "string", "nullable": True}), takes(MAYBE)),
    (takes(MAYBE), takes({"anyOf": [TEXT, {"type": "null"}]})),
    (
        takes(NUMBER | {"minimum": 1, "exclusiveMinimum": True}),
        takes({**NUMBER, "exclusiveMinimum": 1}),
    ),
    (takes({"enum": ["a"]}), takes({"const": "a", "type": "string"})),
    (takes({"properties": {}, "required": ["a"]}), takes({"type": "object", "required": ["a"]})),
    (takes({"oneOf": [CAT, DOG]}), takes({"oneOf": [DOG, CAT]})),
    (takes(TEXT | {"description": "Old", "example": 1}), takes(TEXT | {"title": "T"})),
    (takes(PET, components=1) | {"components": {"schemas": {"Pet": TEXT}}}, takes(TEXT)),
    (takes(TEXT | {"readOnly": True}), takes(WHOLE | {"readOnly": True})),
    (answers(TEXT | {"writeOnly": True}), answers({"writeOnly": True})),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_what_means_the_same_is_no_change(before: Any, after: Any) -> None:
    assert compare(before, after) == []
    assert compare(after, before) == []


def shared(pet: Any, count: int) -> dict[str, Any]:
    content = {JSON: {"schema": {"type": "array", "items": PET}}}
    one = {"responses": {"200": {"content": content}}, "requestBody": {"content": content}}
    paths = {f"/p{n}": {"post": {"operationId": f"op{n:02}", **one}} for n in range(count)}
    return document(paths=paths, components={"schemas": {"Pet": pet}})


def test_what_many_operations_share_is_told_once_for_each_side_with_their_names() -> None:
    def pet(**more: Any) -> Any:
        return {"properties": {"friend": PET, "name": TEXT, **more}}

    found = compare(shared(pet(age=WHOLE), 12), shared(pet(), 12))
    assert [(one.kind, one.place) for one in found] == [
        ("answer_property_removed", "Pet.age"),
        ("request_property_removed", "Pet.age"),
    ]
    assert found[0].operations == tuple(f"op{n:02}" for n in range(10))
    assert found[0].concerns.endswith("op09 and 2 more")


def test_references_that_never_end_are_compared_to_their_end() -> None:
    def tree(kind: Any) -> Any:
        below = {"allOf": [PET, {"properties": {"child": PET, "kind": kind}}]}
        return {"allOf": [{"properties": {"child": below}}, {"oneOf": [PET, TEXT]}]}

    began = time.process_time()
    found = compare(shared(tree(TEXT), 1), shared(tree(WHOLE), 1))
    assert time.process_time() - began < 5
    assert {"request_type_changed", "answer_type_changed"} <= {one.kind for one in found}


def test_what_doubles_at_every_level_takes_no_time() -> None:
    def doubling(kind: Any) -> dict[str, Any]:
        parts = {
            f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(25)
        }
        twice = {side: {**PET, "deprecated": True} for side in ("left", "right")}
        found = shared({"properties": {**twice, "kind": kind}}, 1)
        found["components"]["schemas"] |= parts | {"S25": {"properties": {"kind": kind}}}
        found["paths"]["/s"] = takes({"$ref": "#/components/schemas/S0"})["paths"]["/pets"]
        return found

    began = time.process_time()
    found = compare(doubling(TEXT), doubling(WHOLE))
    assert time.process_time() - began < 2
    assert {(one.kind, one.place) for one in found} == {
        ("request_type_changed", "Pet.kind"),
        ("answer_type_changed", "Pet.kind"),
        ("request_type_changed", "S25.kind"),
    }


def test_a_document_too_large_to_compare_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.catalog.schema_differences.BUDGET", 3)
    many = {f"p{n}": TEXT for n in range(9)}
    found = compare(takes({"properties": many}), takes({"properties": dict.fromkeys(many, WHOLE)}))
    assert "not_compared" in [one.kind for one in found]


def test_words_hold_whatever_an_api_calls_its_parts() -> None:
    assert words("answer_type_changed", place="{after}", before="{x}", after="{place}") == (
        "`{after}` is {place}, before {x}."
    )
    assert words("of_another_version", place="a") == "Of another version: `a`."
