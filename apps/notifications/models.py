"""Mail that was sent."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core import clock
from apps.core.fields import IdField


class Message(models.Model):
    """One mail as it went out. In the box these rows are the outbox that newcomers read."""

    id = IdField(prefix="msg")
    recipients = ArrayField(models.EmailField())
    sender = models.CharField(max_length=200)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    sent_at = models.DateTimeField(default=clock.real)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-sent_at", "-id"]

    def __str__(self) -> str:
        return self.subject
