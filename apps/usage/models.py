"""One row for each request. The table is partitioned by day, so migrations hold its SQL."""

from typing import Any, ClassVar, Self

from django.db import models

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.fields import IdField


class RequestQuerySet(models.QuerySet["Request"]):
    """Requests."""

    def newest_first(self) -> Self:
        """Order by time; the identifier settles what arrived in the same microsecond."""
        return self.order_by("-at", "-id")


class Request(models.Model):
    """What the gateway recorded about one request, refused ones too.

    The columns stand in the order of the gateway's binary record (``apps.usage.record``). Who
    called is named by plain UUIDs: rows arrive by COPY, and outlive what they name.
    """

    id = IdField(prefix="req")
    at = models.DateTimeField()
    organization_id = models.UUIDField(null=True)
    application_id = models.UUIDField(null=True)
    tenant_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    livemode = models.BooleanField(null=True)
    api = models.TextField()
    operation = models.TextField()
    method = models.TextField()
    path = models.TextField()
    status = models.SmallIntegerField()
    code = models.TextField()
    latency_us = models.IntegerField()
    backend_us = models.IntegerField()
    bytes_in = models.IntegerField()
    bytes_out = models.IntegerField()
    units = models.IntegerField()
    ip = models.TextField()
    user_agent = models.TextField()
    trace: models.JSONField[Any, Any] = models.JSONField(null=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        """Made by SQL: Django knows no partitions."""

        managed = False
        db_table = "usage_request"
        default_permissions: ClassVar = ["view"]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Letter(models.Model):
    """That those who answer for an application were told that it still uses what ends."""

    subject = models.CharField(max_length=400)  # what ends
    campaign = models.CharField(max_length=80)
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    words = models.TextField()
    sent_at = models.DateTimeField(default=clock.real)
    sent_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        """One in a campaign about one thing."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject", "campaign", "application"], name="letter_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.application}"
