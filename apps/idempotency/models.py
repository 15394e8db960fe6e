"""Requests that were answered under an idempotency key."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core import clock
from apps.tenants.models import Tenant

LIFE = timedelta(hours=24)
KEY_LENGTH = 255


class KeptAnswer(models.Model):
    """The answer to the first request under a key, for whoever sends that request again.

    It repeats a tenant's data, so it stands behind the same wall. ``scopes`` are those that
    uncovered members of the answer: a key without them may not have it replayed.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    application = models.CharField(max_length=40)
    key = models.CharField(max_length=KEY_LENGTH)
    fingerprint = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    status = models.PositiveSmallIntegerField()
    headers: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(default=clock.real)

    class Meta:
        """One answer for each key of an application in a tenant."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "application", "key"], name="idempotency_key_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="kept_answers_by_age")]

    def __str__(self) -> str:
        return f"{self.key} → {self.status}"
