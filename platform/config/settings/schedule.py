"""What beat has done, and when.

A task that waited until the next one is due, or nearly, is dropped: doing it twice helps nobody.
"""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

__all__ = ["CELERY_BEAT_SCHEDULE"]


def _every(task: str, schedule: timedelta | crontab, *, expires: int) -> dict[str, Any]:
    """Return an entry; ``expires`` is in seconds."""
    return {"task": task, "schedule": schedule, "options": {"expires": expires}}


CELERY_BEAT_SCHEDULE = {
    "follow the event log": _every("events.relay", timedelta(seconds=1), expires=5),
    "settle payments": _every("commerce.settle", timedelta(seconds=1), expires=2),
    "forget idempotency keys": _every("idempotency.sweep", timedelta(minutes=5), expires=300),
    "take usage": _every("usage.ingest", timedelta(seconds=1), expires=2),
    "compact usage": _every("usage.compact", timedelta(minutes=1), expires=50),
    "write down when keys were used": _every(
        "usage.flush_last_used", timedelta(minutes=1), expires=50
    ),
    "tell of quotas that run out": _every("usage.alert_quotas", timedelta(minutes=1), expires=50),
    "tell Valkey what it lost": _every("usage.restore_quotas", timedelta(seconds=5), expires=4),
    "forget old usage": _every("usage.forget", crontab(hour="2", minute="40"), expires=3600),
    "forget what OAuth no longer needs": _every("oauth.sweep", timedelta(minutes=10), expires=500),
    "tell clients of logouts": _every(
        "oauth.send_logout_notices", timedelta(seconds=30), expires=25
    ),
    "rotate signing keys": _every(
        "oauth.rotate_signing_keys", crontab(day_of_month="1", hour="3", minute="20"), expires=3600
    ),
    "do what fell due with keys": _every("keys.sweep", timedelta(minutes=1), expires=50),
    "announce what expires": _every("notifications.remind", crontab(minute="7"), expires=3000),
    "send mail that was left": _every("notifications.sweep", timedelta(seconds=30), expires=25),
}
