"""Mail, from the moment it is written."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core import clock
from apps.core.fields import IdField

MOST_ATTEMPTS = 10


class MessageQuerySet(models.QuerySet["Message"]):
    """Mails."""

    def due(self) -> Self:
        """Return those that should have been sent by now."""
        return self.filter(sent_at=None, due_at__lte=clock.real(), attempts__lt=MOST_ATTEMPTS)


class Message(models.Model):
    """One mail. Its row is written first, in the transaction that causes it; sending comes after.

    In the box these rows are the outbox that newcomers read.
    """

    id = IdField(prefix="msg")
    recipients = ArrayField(models.EmailField())
    sender = models.CharField(max_length=200)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    queued_at = models.DateTimeField(default=clock.real)
    due_at = models.DateTimeField(default=clock.real, help_text="When to try (again).")
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="What the last attempt said.")

    objects = MessageQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-queued_at", "-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=models.Q(sent_at=None), name="messages_to_send"
            )
        ]

    def __str__(self) -> str:
        return self.subject


class Reminder(models.Model):
    """That somebody was told of an end that comes."""

    subject = models.CharField(max_length=40, help_text="What expires.")
    ends_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField(help_text="How many days ahead.")
    sent_at = models.DateTimeField(default=clock.real)

    class Meta:
        """Once for each mark of each end."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "ends_at", "days"], name="reminded_once")
        ]

    def __str__(self) -> str:
        return f"{self.subject} ends {self.ends_at:%Y-%m-%d}, {self.days} days ahead"
