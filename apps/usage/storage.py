"""Where raw rows live: a partition for each day, made ahead and dropped when it is old."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection

KEEP_REQUESTS = timedelta(days=30)
KEEP_BATCHES = timedelta(days=7)
AHEAD = 3  # days for which partitions stand ready


def ensure_partitions(days: Iterable[date]) -> None:
    """Make the partitions of ``days`` where they are missing; DataError for an absurd day."""
    with connection.cursor() as cursor:
        for day in sorted(set(days)):
            cursor.execute("SELECT usage_ensure_partition(%s)", [day])


def prepare(now: datetime) -> None:
    """Make partitions for today and the days ahead."""
    today = now.astimezone(UTC).date()
    ensure_partitions(today + timedelta(days=ahead) for ahead in range(AHEAD + 1))


def forget(now: datetime) -> None:
    """Drop the days of raw rows, and delete the batch numbers, that are past their time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT usage_drop_partitions(%s)", [(now - KEEP_REQUESTS).astimezone(UTC).date()]
        )
        cursor.execute("DELETE FROM usage_batch WHERE at < %s", [now - KEEP_BATCHES])
