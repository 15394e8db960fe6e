"""The time in which an old key and its successor are both good."""

from datetime import datetime, timedelta

import redis
from django.db import transaction

from apps.core import clock, overlap
from apps.core.errors import Problem
from apps.keys import mails, use
from apps.keys.errors import NotRotating
from apps.keys.models import Key
from apps.keys.services import LONGEST_OVERLAP, record, schedule
from apps.orgs.actors import Actor

BATCH = 100
LAG = timedelta(minutes=5)  # so late a call may be noted: silence is not certain before
DAY_HOURS = 24
MOST_SILENT_HOURS = 7 * DAY_HOURS


@transaction.atomic
def change(
    key: Key, *, ends_at: datetime, silent_hours: int | None = None, actor: Actor | None
) -> None:
    """Let the overlap end at another time, within 7 days of the rotation.

    An end that has passed is never taken back: a key that was refused stays refused.
    """
    old = _lock(key)
    now = clock.real()
    if not now < ends_at <= _rotated(old) + LONGEST_OVERLAP:
        raise Problem(
            "The overlap ends in the future and at most 7 days after the rotation.", param="ends_at"
        )
    if silent_hours is not None and not 1 <= silent_hours <= MOST_SILENT_HOURS:
        raise Problem(
            f"Say 1 to {MOST_SILENT_HOURS} hours of silence, or none.", param="silent_hours"
        )
    _close(old, ends_at, silent_hours=silent_hours, actor=actor, reason="")
    key.refresh_from_db()


@transaction.atomic
def end(key: Key, *, actor: Actor | None, reason: str = "") -> None:
    """End the overlap now: from here on the old key answers ``key_rotated_out``."""
    _close(_lock(key), clock.real(), silent_hours=None, actor=actor, reason=reason)
    key.refresh_from_db()


def alert() -> int:
    """Write to the owners of old keys that are still in use late in their overlap, once each."""
    due = Key.objects.filter(
        alert_at__lte=clock.real(), expires_at__gt=clock.real(), revoked_at=None
    )
    return sum(_alert(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


def retire() -> int:
    """End the overlap of old keys that were silent for as long as their owners said."""
    due = Key.objects.filter(
        retire_at__lte=clock.real() - LAG, expires_at__gt=clock.real(), revoked_at=None
    )
    return sum(_retire(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _alert(pk: str) -> bool:
    old = _due(pk)
    if old is None or old.alert_at is None or old.expires_at is None:
        return False
    if not overlap.still_used(_rotated(old), old.alert_at, old.last_used_at):
        return False
    Key.objects.filter(pk=pk).update(alert_at=None)
    mails.still_used(old)
    return True


@transaction.atomic
def _retire(pk: str) -> bool:
    old = _due(pk)
    if old is None or old.retire_at is None or old.silent_hours is None:
        return False
    try:
        heard = use.latest(old)
    except redis.RedisError:  # Nobody can tell whether it is silent: wait.
        return False
    next_look = max(_rotated(old), heard or _rotated(old)) + timedelta(hours=old.silent_hours)
    if next_look > clock.real() - LAG:
        Key.objects.filter(pk=pk).update(retire_at=next_look)
        return False
    reason = f"No call for {old.silent_hours} hours."
    _close(old, clock.real(), silent_hours=None, actor=None, reason=reason)
    return True


def _close(
    old: Key, ends_at: datetime, *, silent_hours: int | None, actor: Actor | None, reason: str
) -> None:
    old.expires_at = ends_at
    schedule(old, silent_hours=silent_hours)
    old.save(update_fields=["expires_at", "alert_at", "silent_hours", "retire_at"])
    record("key.overlap_changed", old, actor=actor, ends_at=ends_at.isoformat(), reason=reason)


def _lock(key: Key) -> Key:
    old = Key.objects.select_for_update(of=("self",)).get(pk=key.pk)
    if old.state != "retiring":
        raise NotRotating(f"{old} is {old.state}: there is no overlap to change.")
    return old


def _due(pk: str) -> Key | None:
    """Return a key that nobody else is looking at, if it is still being handed over."""
    free = Key.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    return free if free is not None and free.state == "retiring" else None


def _rotated(old: Key) -> datetime:
    if old.rotated_at is None:
        raise NotRotating(f"{old} was never rotated.")
    return old.rotated_at
