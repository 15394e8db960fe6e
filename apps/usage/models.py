"""One row for each request. The table is partitioned by day, so migrations hold its SQL."""

from typing import ClassVar, Self

from django.db import models

from apps.core.fields import IdField


class Reference(models.UUIDField[str, str]):
    """The UUID of a row that may be gone by the time somebody reads this one."""


class RequestQuerySet(models.QuerySet["Request"]):
    """Requests."""

    def newest_first(self) -> Self:
        """Order by time; the identifier settles what arrived in the same microsecond."""
        return self.order_by("-at", "-id")


class Request(models.Model):
    """What the gateway recorded about one request, refused ones too.

    The columns stand in the order of the gateway's binary record (``apps.usage.record``), and who
    called is named by plain UUIDs: rows arrive by COPY, and outlive what they name.
    """

    id = IdField(prefix="req")
    at = models.DateTimeField()
    organization = Reference(null=True, db_column="organization_id")
    application = Reference(null=True, db_column="application_id")
    tenant = Reference(null=True, db_column="tenant_id")
    key = Reference(null=True, db_column="key_id")
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
    trace = models.JSONField(null=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        """Made by SQL: Django knows no partitions."""

        managed = False
        db_table = "usage_request"
        default_permissions: ClassVar = ["view"]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


COLUMNS = tuple(field.column for field in Request._meta.concrete_fields)  # noqa: SLF001 - documented
