"""The documents that the portal shows: guides and the reference of error codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

_SECTION: Final = re.compile(r"^## `?(\w+)`?\n", re.MULTILINE)
_HEAD: Final = re.compile(r"\*\*(\d{3})\*\* · (.+)")
FIRST: Final = ("quickstart", "authentication", "sandbox", "errors", "pagination", "idempotency")


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide under ``docs/guides``: its address, its first heading and its first sentence."""

    slug: str
    title: str
    summary: str
    source: str


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What the reference says about one code; ``source`` is Markdown."""

    code: str
    status: int
    title: str
    source: str


def guides() -> list[Guide]:
    """Return the guides: what a newcomer needs first, then the others by name."""
    paths = sorted((Path(settings.DOCS) / "guides").glob("*.md"))
    found = [_guide(path, path.stat().st_mtime_ns) for path in paths]
    order = {slug: number for number, slug in enumerate(FIRST)}
    return sorted(found, key=lambda guide: order.get(guide.slug, len(order)))


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
    return Guide(path.stem, title.strip(), summary, source)


@lru_cache(maxsize=2)
def _errors(path: Path, _changed: int) -> tuple[ErrorPage, ...]:
    return tuple(_sections(path.read_text()))


def _sections(text: str) -> Iterator[ErrorPage]:
    parts = _SECTION.split(text)[1:]
    for code, body in zip(parts[::2], parts[1::2], strict=True):
        if head := _HEAD.match(body.strip()):
            yield ErrorPage(code, int(head[1]), head[2], body.strip()[head.end() :].strip())
