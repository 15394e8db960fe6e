"""Files and functions stay small enough to read in one go."""

import ast
from pathlib import Path

from django.conf import settings

SOURCES = [
    path
    for folder in ("platform", "apps", "portal")
    for path in sorted((settings.ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_400_lines() -> None:
    assert {str(path): _lines(path) for path in SOURCES if _lines(path) > 400} == {}


def test_nineteen_of_twenty_files_have_at_most_250_lines() -> None:
    longer = [path for path in SOURCES if _lines(path) > 250]
    assert len(longer) <= len(SOURCES) / 20, longer


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 40
    ]
    assert long == []
