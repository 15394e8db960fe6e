"""The documents that the portal shows: guides and the reference of error codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from django.conf import settings

from apps.events.registry import Kind, kinds

_SECTION: Final = re.compile(r"^## `?(\w+)`?\n", re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_MARKS: Final = re.compile(r"[`*]")
_SENTENCE: Final = re.compile(r"(?<=\.) ")
_HEAD: Final = re.compile(r"\*\*(\d{3})\*\* · (.+)")
# What the documents call this installation's gateway and portal.
GATEWAY: Final = "http://localhost:8080"
PORTAL: Final = "http://localhost:8000"
FIRST: Final = (
    *("quickstart", "authentication", "keys", "sandbox"),
    *("handling-errors", "pagination", "idempotency", "limits", "revisions"),
    *("acting-for-people", "oauth-step-by-step", "oauth-without-secrets"),
    *("registering-clients", "access-tokens", "oauth-errors"),
)


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


@dataclass(frozen=True, slots=True)
class EventGroup:
    """The types of events about one thing, such as ``order``."""

    about: str
    kinds: list[Kind]


def addresses() -> dict[str, str]:
    """Return what stands in this installation for the addresses in the documents."""
    return {GATEWAY: settings.API_URL, PORTAL: settings.PORTAL_URL}


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


def events() -> list[EventGroup]:
    """Return every registered type of event, those about one thing together."""
    known = sorted(kinds.values(), key=lambda kind: kind.name)
    return [
        EventGroup(about, list(found))
        for about, found in groupby(known, key=lambda kind: kind.name.partition(".")[0])
    ]


@lru_cache(maxsize=64)
def _guide(path: Path, _changed: int) -> Guide:
    source = path.read_text()
    title, _, rest = source.lstrip("# ").partition("\n")
    return Guide(path.stem, title.strip(), _first_sentence(rest), source)


def _first_sentence(source: str) -> str:
    """Return how a document begins, as plain words: a card has no room for more."""
    paragraphs = (" ".join(part.split()) for part in source.split("\n\n"))
    begun = next((part for part in paragraphs if part[:1].isalpha()), "")
    words = _MARKS.sub("", _LINK.sub(r"\1", begun))
    return _SENTENCE.split(words, maxsplit=1)[0].rstrip(".:") + "." if words else ""


@lru_cache(maxsize=2)
def _errors(path: Path, _changed: int) -> tuple[ErrorPage, ...]:
    return tuple(_sections(path.read_text()))


def _sections(text: str) -> Iterator[ErrorPage]:
    parts = _SECTION.split(text)[1:]
    for code, body in zip(parts[::2], parts[1::2], strict=True):
        if head := _HEAD.match(body.strip()):
            yield ErrorPage(code, int(head[1]), head[2], body.strip()[head.end() :].strip())
