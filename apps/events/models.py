"""The event log: one row for all that happens, written in the transaction that caused it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Func

from apps.core import clock
from apps.core.fields import IdField


class Xid8Field(models.Field[int, int]):
    """PostgreSQL's 64-bit transaction id; the database fills it in."""

    def db_type(self, connection: Any) -> str:
        """Name the column's type."""
        return "xid8"


class CurrentTransaction(Func):
    """``pg_current_xact_id()``."""

    function = "pg_current_xact_id"
    output_field = Xid8Field()


class Event(models.Model):
    """Something that happened. Never changed, never deleted by hand.

    Actor and subject are prefixed identifiers and not foreign keys: the log outlives both, and it
    stands at the foot of the ladder. Readers follow ``(xid, id)`` below the oldest running
    transaction; a cursor on ``id`` alone would skip what commits late.
    """

    id = IdField(prefix="evt")
    xid = Xid8Field(db_default=CurrentTransaction(), editable=False)
    type = models.CharField(max_length=80)
    subject = models.CharField(max_length=40)
    actor = models.CharField(max_length=40, blank=True)
    organization = models.CharField(max_length=40, blank=True)
    application = models.CharField(max_length=40, blank=True)
    tenant = models.CharField(max_length=40, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(default=clock.now)

    class Meta:
        """In the order in which readers follow."""

        indexes: ClassVar = [
            models.Index(fields=["xid", "id"], name="events_in_order"),
            models.Index(fields=["subject", "-id"], name="events_by_subject"),
            models.Index(fields=["organization", "-id"], name="events_by_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Cursor(models.Model):
    """How far one follower of the log has read."""

    follower = models.CharField(max_length=80, primary_key=True)
    xid = models.BigIntegerField(default=0)
    event = models.UUIDField(null=True)

    def __str__(self) -> str:
        return self.follower
