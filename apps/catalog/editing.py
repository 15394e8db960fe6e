"""Changing rows of the catalog: only what differs is saved, and recorded as an event."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models

from apps.catalog.changes import shown
from apps.core.errors import Unprocessable
from apps.core.members import Invalid
from apps.events import services as events

Actor = events.Known | str | None
KEEP: Any = object()  # stands for a value that stays as it is


def save(
    kind: str,
    row: models.Model,
    wanted: dict[str, Any],
    *,
    reason: str,
    actor: Actor,
    **about: Any,
) -> bool:
    """Save what differs from ``wanted`` and record it as an event; tell whether anything did."""
    given = {name: value for name, value in wanted.items() if value is not KEEP}
    differing = {name: value for name, value in given.items() if getattr(row, name) != value}
    if not differing:
        return False
    changes = {name: [shown(getattr(row, name)), shown(new)] for name, new in differing.items()}
    for name, value in differing.items():
        setattr(row, name, value)
    row.save(update_fields=list(differing))
    more = {"reason": reason} if reason else {}
    events.emit(kind, row, actor=actor, **about, changes=changes, **more)
    return True


@contextmanager
def sense() -> Iterator[None]:
    """Let what makes no sense be a problem that the caller hears."""
    try:
        yield
    except Invalid as error:
        raise Unprocessable(str(error)) from error


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Put the place in front of what makes no sense there."""
    try:
        yield
    except Invalid as error:
        raise Invalid(f"{place}: {error}") from error
