"""Writing to the event log, and letting followers read it."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, models, transaction

from apps.core import ids
from apps.core.request import current_request
from apps.events.models import Cursor, Event
from apps.events.registry import Follower, followers, kinds, prompt

BATCH = 500

log = logging.getLogger(__name__)


class Known(Protocol):
    """Something with an identifier: a row, or what acts without one."""

    @property
    def pk(self) -> Any:
        """The identifier."""


def emit(
    kind: str,
    subject: models.Model,
    /,
    *,
    actor: Known | str | None,
    organization: str = "",
    application: str = "",
    tenant: str = "",
    **data: Any,
) -> Event:
    """Record that ``kind`` happened to ``subject``, in the transaction that made it happen.

    ``actor`` is a user or credential, a prefixed identifier, or None for the platform itself.
    ``data`` is JSON.
    """
    if kind not in kinds:
        raise LookupError(f"{kind!r} is not a registered event type.")
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} must be emitted inside the transaction that causes it.")
    who = actor if isinstance(actor, str) else str(actor.pk) if actor else "system"
    event = Event.objects.create(
        type=kind,
        subject=str(subject.pk),
        actor=who,
        organization=organization,
        application=application,
        tenant=tenant,
        request_id=current_request.get(),
        data=data,
    )
    for name in prompt:
        transaction.on_commit(partial(_promptly, name, event))
    return event


def relay() -> int:
    """Show each follower what was committed since it last looked; return how many events moved.

    One relay runs at a time (an advisory lock); a second one returns at once. A follower that
    raises keeps its place and sees the same events again.
    """
    moved = 0
    for name, follower in followers.items():
        with transaction.atomic():
            moved += _advance(name, follower)
    return moved


def _promptly(name: str, event: Event) -> None:
    try:
        followers[name]([event])
    except Exception:
        log.warning(
            "%s could not follow %s at once; the relay will.", name, event.pk, exc_info=True
        )


def _advance(name: str, follower: Follower) -> int:
    Cursor.objects.get_or_create(follower=name)
    locked = Cursor.objects.select_for_update(skip_locked=True).filter(pk=name).first()
    if locked is None:
        return 0
    batch = _after(locked.xid, locked.event)
    if batch:
        follower(batch)
        locked.xid, locked.event = batch[-1].xid, ids.decode(batch[-1].pk)[1]
        locked.save()
    return len(batch)


def _after(xid: int, event: UUID | None) -> Sequence[Event]:
    table = Event._meta.db_table  # noqa: SLF001 - Django's documented way to a table's name
    return list(
        Event.objects.raw(
            f"SELECT * FROM {table} "  # noqa: S608 - the table's own name
            "WHERE (xid, id) > (%s::text::xid8, %s) "
            "AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT %s",
            [str(xid), event or UUID(int=0), BATCH],
        )
    )
