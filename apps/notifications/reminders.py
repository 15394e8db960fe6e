"""Mails before something expires: 14, 3 and 1 days ahead, each once.

An app registers in ``AppConfig.ready()`` what of its own can expire. What was sent is remembered in
rows, by subject and end: with a later end it is announced again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.core import clock
from apps.notifications import services as notifications
from apps.notifications.models import Reminder

AHEAD: Final = (1, 3, 14)  # days, the nearest first


@dataclass(frozen=True, slots=True)
class Expiring:
    """Something that ends soon: its words begin a sentence, ``path`` leads to what helps."""

    subject: str
    words: str
    path: str
    began_at: datetime
    ends_at: datetime
    recipients: Callable[[], Iterable[str]]


Source = Callable[[datetime, datetime], Iterable[Expiring]]
sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Let ``source(now, horizon)`` name what expires after ``now`` and until ``horizon``."""
    sources[name] = source


def remind() -> int:
    """Write the mails that are due; return how many."""
    now = clock.real()
    horizon = now + timedelta(days=max(AHEAD))
    return sum(_remind(item, now) for source in sources.values() for item in source(now, horizon))


@transaction.atomic
def _remind(item: Expiring, now: datetime) -> bool:
    days = _due(item, now)
    if days is None:
        return False
    _, new = Reminder.objects.get_or_create(
        subject=item.subject, ends_at=item.ends_at, days=days, defaults={"sent_at": now}
    )
    if not new:
        return False
    notifications.notify(
        item.recipients(),
        subject=f"{item.words} expires in {days} day{'' if days == 1 else 's'}",
        template="expires_soon",
        context={"item": item, "days": days},
    )
    return True


def _due(item: Expiring, now: datetime) -> int | None:
    """Return the nearest mark that has passed; one before its time began says nothing new."""
    for days in AHEAD:
        mark = item.ends_at - timedelta(days=days)
        if mark <= now:
            return days if item.began_at <= mark else None
    return None
