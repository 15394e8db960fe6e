"""The documents that the portal shows: guides and the reference of error codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

_SECTION: Final = re.compile(r"^## `?(\w+)`?\n", re.MULTILINE)
_ORDER: Final = re.compile(r"^\d+-")


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide under ``docs/guides``: its address, its first heading and its first sentence."""

    slug: str
    title: str
    summary: str
    source: str


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What the reference says about one code. ``source`` is Markdown below a title of its own."""

    code: str
    title: str
    source: str


def guides() -> list[Guide]:
    """Return the guides in the order of their file names."""
    paths = sorted((Path(settings.DOCS) / "guides").glob("*.md"))
    return [_guide(path, path.stat().st_mtime_ns) for path in paths]


def errors() -> list[ErrorPage]:
    """Return the documented error codes by name; none before the reference is written."""
    path = Path(settings.DOCS) / "reference" / "errors.md"
    if not path.exists():
        return []
    return sorted(_errors(path, path.stat().st_mtime_ns), key=lambda page: page.code)


@lru_cache(maxsize=64)
def _guide(path: Path, _changed: int) -> Guide:
    source = path.read_text()
    title, _, rest = source.lstrip("# ").partition("\n")
    summary = next((line for line in rest.splitlines() if line[:1].isalpha()), "")
    return Guide(_ORDER.sub("", path.stem), title.strip(), summary, source)


@lru_cache(maxsize=2)
def _errors(path: Path, _changed: int) -> tuple[ErrorPage, ...]:
    return tuple(_sections(path.read_text()))


def _sections(text: str) -> Iterator[ErrorPage]:
    parts = _SECTION.split(text)[1:]
    for code, body in zip(parts[::2], parts[1::2], strict=True):
        first, _, rest = body.strip().partition("\n")
        yield ErrorPage(code, first.strip("*# ").rstrip(), rest.strip())
