"""Which keys end soon."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from apps.keys import mails
from apps.keys.models import Key
from apps.notifications.reminders import Expiring


def expiring(now: datetime, horizon: datetime) -> Iterator[Expiring]:
    """Yield the keys that expire by ``horizon``, without those whose successor works already."""
    ending = Key.objects.filter(
        revoked_at=None, rotated_at=None, expires_at__gt=now, expires_at__lte=horizon
    ).select_related("application")
    for key in ending.iterator():
        if key.expires_at:
            yield Expiring(
                subject=key.pk,
                words=f"The API key “{key.name}” of {key.application.name}",
                path=f"/keys/{key.pk}/rotate",
                began_at=key.created_at,
                ends_at=key.expires_at,
                recipients=partial(mails.recipients, key),
            )
