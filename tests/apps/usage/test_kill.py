"""A worker is killed at the worst moments; every request still counts once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from apps.core import clock
from apps.usage import drift, ingest
from apps.usage.models import Request
from tests.support import traffic

WORKER = """
import os, signal
import django
django.setup()
from apps.usage import ingest, rollups

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{sabotage}
ingest.run(1)
"""
BEFORE_COMMIT = "rollups.append = die"
AFTER_COMMIT = "ingest._acknowledge = die"


@pytest.fixture
def _real_rows(transactional_db: None) -> Iterator[None]:
    """Leave no committed usage behind: Django flushes only what it manages."""
    yield
    with connection.cursor() as cursor:
        for table in (
            "request",
            "batch",
            "minute",
            "hour",
            "day_status",
            "day_operation",
            "day_key",
        ):
            cursor.execute(f"DELETE FROM usage_{table}")  # noqa: S608 - our own names


def worker(sabotage: str) -> int:
    """Run a worker of its own process; return how it ended."""
    database = str(connection.settings_dict["NAME"])
    url = os.environ["DATABASE_URL"].replace("@/trellis?", f"@/{database}?")
    process = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", WORKER.format(sabotage=sabotage)],
        cwd=settings.ROOT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        timeout=60,
        check=False,
    )
    return process.returncode


@pytest.mark.usefixtures("_real_rows")
def test_killed_before_and_after_the_commit_nothing_is_lost_or_doubled() -> None:
    for _ in range(3):
        traffic.ship(*(traffic.one()[1] for _ in range(5)))
    assert worker(BEFORE_COMMIT) == -signal.SIGKILL
    assert Request.objects.count() == 0
    assert worker(AFTER_COMMIT) == -signal.SIGKILL
    assert Request.objects.count() == 15
    traffic.ship(traffic.one()[1])
    assert worker("") == 0
    assert Request.objects.count() == 16
    today = clock.real().date()
    assert drift.find(since=today, until=today) == []
    assert ingest.run(0) == 0
