"""The ladder of decisions says what was passed, what failed, and what was never reached."""

from typing import Any

import pytest

from apps.usage import decisions
from apps.usage.decisions import CHECKS, ORDER, Decision, ladder

PASSED = [[name, "passed"] for name in ("known", "standing", "route", "allowed", "limit")]


def states(trace: list[Any], status: int) -> dict[str, str]:
    return {one.name: one.state for one in ladder(trace, status)}


def failed(name: str, code: str, **values: Any) -> list[Any]:
    return [name, "failed", {"code": code, **values}]


def test_a_request_that_succeeded_passed_everything() -> None:
    said = states([*PASSED, ["backend", "passed"]], 200)
    assert set(said.values()) == {"passed"}
    assert list(said) == [
        *("url", "headers", "path", "credential", "shape", "checksum", "known"),
        *("open", "time", "environment", "version", "operation", "method"),
        *("organization", "application", "approval", "network", "scopes"),
        *("limit", "backend", "answer"),
    ]


def test_what_comes_after_the_failing_decision_was_not_reached() -> None:
    said = states([*PASSED[:3], failed("allowed", "ip_not_allowed")], 403)
    names = list(said)
    at = names.index("network")
    assert said["network"] == "failed"
    assert {said[name] for name in names[:at]} == {"passed"}
    assert {said[name] for name in names[at + 1 :]} == {"not_reached"}


def test_an_answer_that_was_kept_needed_no_backend() -> None:
    said = states([*PASSED, ["cache", "passed", {"hit": True}]], 200)
    assert said["cache"] == "passed"
    assert (said["backend"], said["answer"]) == ("not_needed", "not_needed")


def test_what_the_backend_refused_reached_it() -> None:
    trace = [*PASSED, ["backend", "passed"], failed("answer", "order_paid", detail="Paid.")]
    made = ladder([*trace, ["response_rules", "passed"]], 409)
    found = decisions.failing(made)
    assert found is not None
    assert (found.name, found.code, found.detail, found.values) == (
        "answer",
        "order_paid",
        "Paid.",
        {},
    )
    assert made[-1].name == "response_rules"


@pytest.mark.parametrize("code", sorted({code for check in CHECKS for code in check.codes}))
def test_each_code_is_the_failure_of_its_own_check(code: str) -> None:
    check = next(one for one in CHECKS if code in one.codes)
    found = decisions.failing(ladder([failed(check.rung, code)], 403))
    assert found is not None
    assert (found.name, found.title) == (check.name, check.failed)


@pytest.mark.parametrize("rung", ORDER)
def test_a_code_that_no_check_names_fails_the_rungs_own(rung: str) -> None:
    found = decisions.failing(ladder([failed(rung, "something_new")], 500))
    assert found is not None
    assert next(one for one in CHECKS if one.name == found.name).codes == ()


def test_a_decision_of_another_version_is_shown_by_its_name() -> None:
    made = ladder([*PASSED, ["moon_phase", "failed", {"phase": "full"}]], 403)
    assert made[-1] == Decision("moon_phase", "failed", "moon phase", values={"phase": "full"})


def test_nothing_recorded_is_no_ladder() -> None:
    assert ladder([], 403) == []
    assert ladder([["demo", "invented"]], 403) == [Decision("demo", "passed", "demo: invented")]


def test_a_failure_outweighs_the_same_decision_passed_before() -> None:
    trace = [["known", "passed"], ["standing", "passed"], failed("known", "unavailable")]
    assert states(trace, 503)["known"] == "failed"
