"""A body is JSON of bounded size, or the refusal says where it is not."""

import io
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Problem
from apps.core.rest import parsers
from apps.core.rest.parsers import BoundedJSONParser, loads
from apps.core.rest.renderers import dumps


def refusal(body: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        loads(body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [(b'{"a": }', 1, 7), (b'{\n  "a": 1 x}', 2, 10), (b"{} {}", 1, 4), (b"nonsense", 1, 1)],
)
def test_a_mistake_is_named_by_line_and_column(body: bytes, line: int, column: int) -> None:
    problem = refusal(body)
    assert problem.code == "json_malformed"
    assert (problem.values["line"], problem.values["column"]) == (line, column)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b"\xff{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        rb'{"a": "\u0000"}',
        rb'{"a": "\ud800"}',
        rb'{"\u0000": 1}',
    ],
)
def test_what_is_not_an_object_of_storable_values_is_malformed(body: bytes) -> None:
    assert refusal(body).code == "json_malformed"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": [' + b",".join([b"1"] * 10_001) + b"]}",
        b'{"a": "' + b"x" * 65_537 + b'"}',
        b'{"' + b"x" * 65_537 + b'": 1}',
    ],
)
def test_depth_members_and_strings_are_bounded(body: bytes) -> None:
    assert refusal(body).code == "body_too_complex"


def test_what_lies_just_within_the_bounds_is_read() -> None:
    assert loads(b'{"a":' * 16 + b"1" + b"}" * 16)
    assert loads(b'{"a": [' + b",".join([b"1"] * 9_999) + b"]}")
    assert loads(b'{"a": "' + b"x" * 65_536 + b'"}')


def test_a_body_full_of_names_is_refused_as_fast_as_it_is_read() -> None:
    names = b",".join(b'"%x":1' % number for number in range(90_000))
    began = time.process_time()
    assert "'last' occurs twice" in refusal(b"{" + names + b',"last":1,"last":1}').detail
    assert time.process_time() - began < 2  # Looking for each name anew took minutes.


def test_a_body_of_more_than_a_mebibyte_is_refused_unread() -> None:
    with pytest.raises(Problem) as caught:
        BoundedJSONParser().parse(io.BytesIO(b" " * (parsers.MAX_BYTES + 1)))
    assert (caught.value.code, caught.value.status) == ("body_too_large", 413)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_whatever_is_accepted_can_be_answered(data: dict[str, Any]) -> None:
    body = dumps(data)
    try:
        found = loads(body)
    except Problem as problem:
        assert problem.code in {"json_malformed", "body_too_complex"}  # noqa: PT017 - either is fine
    else:
        assert found == data


@given(st.binary(max_size=60))
def test_no_body_breaks_the_parser(body: bytes) -> None:
    try:
        assert isinstance(loads(body), dict)
    except Problem as problem:
        assert problem.code in {"json_malformed", "body_too_complex"}  # noqa: PT017 - either is fine
