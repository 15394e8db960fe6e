"""Which credentials can be reported as found in public, and how each is found and closed.

An app registers the kinds that are its own in ``AppConfig.ready()``. What is done about a report is
for ``apps.keys.leaks``, which takes them.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.conf import settings

from apps.core import secrets


class Record(Protocol):
    """Emits one of an app's own events about a credential."""

    def __call__(self, what: str, *, actor: Any, **data: str) -> None:
        """Say ``what`` happened: ``leaked`` or ``leak_dismissed``."""


@dataclass(frozen=True, slots=True)
class Leakable:
    """One credential, and all that can be said and done when it was found.

    ``subject`` is what it is called in reports: credentials that end together share one.
    ``about`` says what it is within a sentence, ``noun`` begins one, ``title`` heads a mail.
    ``renewed_at`` and ``replaced_at`` are the pages where its owner gets another, once it is closed
    and while it is open; ``log`` is the page that shows its calls, or nothing.
    """

    subject: str
    kind: secrets.Kind
    livemode: bool
    is_open: bool
    title: str
    about: str
    noun: str
    renewed_at: str
    replaced_at: str
    log: str
    recipients: Callable[[], list[str]]
    close: Callable[[str], object]
    record: Record


Find = Callable[[Collection[str]], dict[str, Leakable]]
Hold = Callable[[Collection[str]], Iterable[Leakable]]


@dataclass(frozen=True, slots=True)
class Source:
    """Some kinds of credential. ``find`` takes texts; ``hold`` takes subjects and locks them."""

    kinds: str
    find: Find
    hold: Hold


_sources: list[Source] = []
# An access token that resource servers read by themselves; anybody's looks the same.
_JWT: Final = r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"


def register(kinds: str, *, find: Find, hold: Hold) -> None:
    """Let credentials of these ``kinds``, letters of ``apps.core.secrets``, be reported."""
    _sources.append(Source(kinds, find, hold))


def kinds() -> str:
    """Return the letters of all kinds that can be reported."""
    return "".join(source.kinds for source in _sources)


def shapes() -> re.Pattern[str]:
    """Return what a credential looks like in the middle of a text."""
    ours = secrets.pattern(settings.BRAND["key_prefix"], kinds())
    return re.compile(f"{ours.pattern}|{_JWT}", re.ASCII)


def find(texts: Iterable[str]) -> dict[str, Leakable]:
    """Return the credentials that well-formed ``texts`` are, in as few queries for any number."""
    shape = secrets.pattern(settings.BRAND["key_prefix"], kinds())
    by_kind: dict[str, set[str]] = {}
    for text in texts:
        try:
            kind = "a" if is_jwt(text) else secrets.read(text, shape).kind
        except ValueError:
            continue
        by_kind.setdefault(kind, set()).add(text)
    found: dict[str, Leakable] = {}
    for source in _sources:
        if mine := set[str]().union(*(by_kind.get(kind, ()) for kind in source.kinds)):
            found |= source.find(mine)
    return found


def is_jwt(text: str) -> bool:
    """Tell whether ``text`` is a signed JWT, whoever signed it."""
    return re.fullmatch(_JWT, text, re.ASCII) is not None


def hold(subjects: Collection[str]) -> dict[str, Leakable]:
    """Return the credentials under ``subjects`` as they are now, locked until the end."""
    held = (one for source in _sources for one in source.hold(subjects))
    return {one.subject: one for one in held} if subjects else {}
