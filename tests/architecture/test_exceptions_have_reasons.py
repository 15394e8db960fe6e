"""Where a linter or the type checker is told to look away, the line says why."""

import io
import re
import tokenize
from pathlib import Path

import pytest
from django.conf import settings

FOLDERS = ("apps", "benchmarks", "platform", "portal", "requirements", "tests")
SOURCES = [
    path
    for folder in FOLDERS
    for path in sorted((settings.ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
ASKS = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b", re.IGNORECASE)
REASONED = re.compile(
    r"#(?: type: ignore\[[\w, -]+\] {1,2}#)? noqa: [A-Z]+\d+(?:, [A-Z]+\d+)* - \S.*"
    r"|# type: ignore\[[\w, -]+\] {1,2}# (?!noqa)\S.*"
)


def unexplained(source: str) -> list[str]:
    """Return the comments that ask to look away without a code or without a reason."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [text for text in comments if ASKS.search(text) and not REASONED.fullmatch(text)]


def test_every_one_names_a_rule_and_a_reason() -> None:
    found = {
        str(path.relative_to(settings.ROOT)): lines
        for path in SOURCES
        if (lines := unexplained(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: S101",
        "# noqa: S101, S603",
        "# noqa: S101  just started",
        "# type: ignore",
        "# type: ignore[misc]",
        "# type: ignore[misc]  # noqa: S101",
        "# type: ignore  # no types",
    ],
)
def test_one_without_is_found(comment: str) -> None:
    assert unexplained(f"value = 1  {comment}\n") == [comment]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: S101 - just started",
        "# noqa: E402, F403 - settings build on settings",
        "# type: ignore[misc]  # allauth has no types",
        "# type: ignore[misc] # allauth has no types",
        "# type: ignore[attr-defined]  # noqa: SLF001 - an IdField",
        "# a comment about nothing of the kind",
    ],
)
def test_one_with_is_not(comment: str) -> None:
    assert unexplained(f"value = 1  {comment}\n") == []


def test_there_are_sources() -> None:
    assert len(SOURCES) > 300
    assert Path(__file__) in SOURCES
