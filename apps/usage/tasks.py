"""Work for the queue ``usage``."""

from datetime import timedelta

from celery import shared_task

from apps.core import clock
from apps.usage import ingest, lastused, quotas, rollups, storage

SECONDS = 4  # One run; short, so that a worker that is told to stop does so at once.
RECENT = timedelta(days=2)


@shared_task(name="usage.ingest", ignore_result=True)
def take() -> None:
    """Take what the gateways shipped. Beat asks every second; one worker at a time does it."""
    ingest.run(SECONDS)


@shared_task(name="usage.flush_last_used", ignore_result=True)
def flush_last_used() -> None:
    """Write down when keys were last used. Beat runs this every minute."""
    lastused.flush()


@shared_task(name="usage.compact", ignore_result=True)
def compact() -> None:
    """Merge the newest roll-up rows, and have partitions ready. Beat runs this every minute."""
    now = clock.real()
    storage.prepare(now)
    rollups.compact(now - RECENT)


@shared_task(name="usage.forget", ignore_result=True)
def forget() -> None:
    """Drop what is past its time, and merge what arrived late. Beat runs this every day."""
    now = clock.real()
    storage.forget(now)
    rollups.prune(now)
    rollups.compact(now - storage.KEEP_REQUESTS)


@shared_task(name="usage.alert_quotas", ignore_result=True)
def alert_quotas() -> None:
    """Tell people of quotas that are nearly or wholly used. Beat runs this every minute."""
    quotas.alert()


@shared_task(name="usage.restore_quotas", ignore_result=True)
def restore_quotas() -> None:
    """Tell a Valkey that lost its data what was used. Beat runs this every five seconds."""
    quotas.restore()
