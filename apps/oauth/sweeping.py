"""Forgetting what can neither be used nor replayed any more."""

from datetime import timedelta
from typing import Any, Final

from django.db import models

from apps.core import clock
from apps.oauth import lifetimes
from apps.oauth.models import (
    AccessToken,
    DeviceGrant,
    Grant,
    PushedRequest,
    RefreshToken,
    UsedProof,
)

BATCH: Final = 2000
A_DAY: Final = timedelta(days=1)


def sweep() -> int:
    """Delete it and return how many rows that were.

    Redeemed codes and rotated refresh tokens stay as long as their family can live: a replay must
    be noticed.
    """
    now = clock.real()
    family_gone = now - lifetimes.REFRESH_TOKEN - A_DAY
    useless: tuple[models.QuerySet[Any], ...] = (
        UsedProof.objects.filter(expires_at__lt=now),
        PushedRequest.objects.filter(expires_at__lt=now),
        DeviceGrant.objects.filter(expires__lt=now - A_DAY, redeemed_at=None),
        DeviceGrant.objects.filter(expires__lt=family_gone),
        Grant.objects.filter(expires__lt=now - A_DAY, redeemed_at=None),
        Grant.objects.filter(expires__lt=family_gone),
        AccessToken.objects.filter(expires__lt=now - A_DAY),
        RefreshToken.objects.filter(ends_at__lt=now - A_DAY),
    )
    return sum(_forget(rows) for rows in useless)


def _forget(rows: models.QuerySet[Any]) -> int:
    """Delete in batches, so that no lock is held for long."""
    gone = 0
    while chosen := list(rows.values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=chosen).delete()  # noqa: SLF001 - its public name
        gone += len(chosen)
    return gone
