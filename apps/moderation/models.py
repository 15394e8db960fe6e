"""Decisions of reviewers."""

from typing import ClassVar

from django.db import models

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock


class Decision(models.Model):
    """What was decided about an application, by whom and why. Never changed."""

    class Verdict(models.TextChoices):
        """What a reviewer can decide."""

        APPROVED = "approved", "Approved"
        CHANGES_REQUESTED = "changes_requested", "Changes requested"
        REJECTED = "rejected", "Rejected"
        SUSPENDED = "suspended", "Suspended"
        REINSTATED = "reinstated", "Reinstated"
        SCOPES = "scopes", "Scopes decided"
        PRESENTED = "presented", "Changes approved"
        NOT_PRESENTED = "not_presented", "Changes declined"

    application = models.ForeignKey(Application, models.CASCADE, related_name="decisions")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    reason = models.CharField(max_length=500)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=clock.real)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-decided_at", "-id"]

    def __str__(self) -> str:
        return f"{self.application}: {self.verdict}"
