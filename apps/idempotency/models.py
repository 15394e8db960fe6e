"""Requests that were answered under an idempotency key."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core import clock
from apps.idempotency.sameness import KEY_LENGTH
from apps.tenants.models import Tenant

LIFE = timedelta(hours=24)


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


class ForwardedAnswer(models.Model):
    """The answer of another service under a key; without a ``status`` it is still waited for.

    What the service does is in no transaction of ours: a gateway claims the key for a while, sends
    the request, and writes the answer down. Should it die in between, the claim runs out, and the
    service gets the request once more, with the same key.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    application = models.CharField(max_length=40)
    key = models.CharField(max_length=KEY_LENGTH)
    fingerprint = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    status = models.PositiveSmallIntegerField(null=True)
    headers: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    claimed_until = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.real)

    class Meta:
        """One answer for each key of an application in a tenant."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "application", "key"], name="forwarded_key_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="forwarded_answers_by_age")]

    def __str__(self) -> str:
        return f"{self.key} → {self.status or 'waiting'}"
