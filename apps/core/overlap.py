"""When to warn that an old credential is still in use although its successor is there."""

from datetime import datetime
from typing import Final

ALERT_AT: Final = 0.75  # of the overlap
LATE: Final = 0.5  # of the overlap: who calls after this half has not moved yet


def alert_at(began: datetime, ends: datetime) -> datetime:
    """Return when to look whether the old one is still in use."""
    return began + (ends - began) * ALERT_AT


def still_used(began: datetime, alert: datetime, used: datetime | None) -> bool:
    """Tell whether it was used late. One that stays silent is looked at again until the end."""
    return used is not None and used >= began + (alert - began) * (LATE / ALERT_AT)
