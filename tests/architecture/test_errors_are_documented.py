"""A developer who meets an error finds a page about it."""

import importlib
import pkgutil
import re

import pytest
from django.conf import settings

import apps
import gateway
from apps.core.errors import Conflict, Problem

for package in (apps, gateway):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2] in {"errors", "problems", "authentication"}:
            importlib.import_module(module.name)

REFERENCE = (settings.ROOT / "docs/reference/errors.md").read_text()
PARTS = {part.split("\n", 1)[0]: part for part in REFERENCE.split("\n## ")[1:]}


def family(problem: type[Problem]) -> list[type[Problem]]:
    return [problem, *(heir for child in problem.__subclasses__() for heir in family(child))]


PROBLEMS = [problem for problem in family(Problem) if problem.code]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_it_has_a_page_with_its_status_and_how_to_fix_it(problem: type[Problem]) -> None:
    page = PARTS[problem.code]
    assert f"**{int(problem.status)}**" in page
    assert "**How to fix it.**" in page


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_it_has_a_title_of_its_own(problem: type[Problem]) -> None:
    assert problem.__dict__.get("__doc__")
    assert problem.title().endswith(".")


def test_only_a_family_lacks_a_code_and_nobody_raises_it() -> None:
    assert {one for one in family(Problem) if not one.code} == {Conflict}
    assert all(member.__dict__.get("code") for member in Conflict.__subclasses__())
    raised = re.compile(r"raise (\w+\.)?Conflict\b|(?<!class )\bConflict\(")
    sources = [
        path
        for folder in ("apps", "portal", "platform")
        for path in (settings.ROOT / folder).rglob("*.py")
    ]
    assert [str(path) for path in sources if raised.search(path.read_text())] == []


def test_codes_are_never_shared() -> None:
    codes = [problem.code for problem in PROBLEMS]
    assert sorted(codes) == sorted(set(codes))


def test_no_page_describes_an_error_that_is_gone() -> None:
    assert PARTS.keys() == {problem.code for problem in PROBLEMS}
