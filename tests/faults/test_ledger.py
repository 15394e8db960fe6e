"""The ledger finds each thing that may not happen."""

from collections import Counter
from typing import Any

import pytest

from tests.faults.ledger import Counted, Entry, Ledger


def ledger(seen: int = 1, rows: int = 1, *, counted: int = 200, **entry: Any) -> Ledger:
    told: dict[str, Any] = {"method": "POST", "status": 200, "request_id": "req_1"}
    one = Entry("a-1", 0, at=0.0, **told | entry)
    row = Counted("a-1", "req_1", counted)
    return Ledger("a", [one], Counter({"a-1": seen}), [row] * rows)


def test_what_was_seen_answered_and_counted_once_is_in_order() -> None:
    assert ledger().faults() == []
    assert ledger().lost() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ledger(seen=0), "a-1 was answered 200 and no service saw it"),
        (ledger(seen=2), "a-1 (POST) was executed 2 times"),
        (ledger(right=False), "a-1 was answered 200 with something else than the answer"),
        (ledger(counted=502), "a-1 was answered 200 and counted as 502"),
    ],
)
def test_each_fault_is_told(wrong: Ledger, said: str) -> None:
    assert wrong.faults() == [said]


def test_what_was_counted_twice_is_told_of_row_and_request() -> None:
    assert ledger(rows=2).faults() == ["req_1 was counted 2 times", "a-1 was counted 2 times"]


def test_a_read_may_be_repeated_where_connections_are_reset_a_write_never() -> None:
    for method, fine in (("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)):
        book = ledger(seen=2, method=method)
        book.repeatable = True
        assert (book.faults() == []) is fine


def test_what_was_answered_and_not_counted_is_lost() -> None:
    book = ledger(rows=0)
    assert [one.id for one in book.lost()] == ["a-1"]
    assert book.faults() == []


def test_what_nobody_asked_is_told() -> None:
    book = ledger()
    book.counted.append(Counted("b-1", "req_2", 200))
    book.seen["c-1"] = 2
    assert book.faults() == [
        "c-1 (nobody's) was executed 2 times",
        "b-1 was counted, and nobody asked it",
    ]


def test_an_answer_that_was_torn_is_no_answer() -> None:
    book = ledger(seen=0, rows=0, ended="torn", request_id="")
    assert book.faults() == []
    assert book.lost() == []
    assert [one.id for one in book.unanswered()] == ["a-1"]
