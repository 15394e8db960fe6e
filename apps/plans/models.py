"""Plans and subscriptions."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.fields import IdField

REASON_LIMIT = 500


class Plan(models.Model):
    """What an application may use."""

    id = IdField(prefix="pln")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200, blank=True, help_text="For whom it is, in a line.")
    is_default = models.BooleanField(default=False, help_text="New applications begin here.")
    is_public = models.BooleanField(default=False, help_text="Developers may ask for it.")

    class Meta:
        """One default."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_plan"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def newest(self) -> "PlanVersion | None":
        """Return the version that applications are put on now; prefetch ``versions`` for many."""
        return max(self.versions.all(), key=lambda version: version.number, default=None)


class PlanVersion(models.Model):
    """The terms of a plan at one time. Immutable: a change is a new version.

    ``limits`` is a list of policies as ``apps.plans.limits`` describes and validates them.
    """

    id = IdField(prefix="plv")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    limits = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.real, editable=False)

    class Meta:
        """Counted from one."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class Subscription(models.Model):
    """Which plan version an application is on."""

    application = models.OneToOneField(
        Application, models.CASCADE, primary_key=True, related_name="subscription"
    )
    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="subscriptions")
    since = models.DateTimeField(default=clock.real)

    def __str__(self) -> str:
        return f"{self.application} on {self.version}"


class OverrideQuerySet(models.QuerySet["Override"]):
    """Overrides."""

    def open(self, at: datetime | None = None) -> Self:
        """Return those that hold."""
        return self.filter(ended_at=None, ends_at__gt=at or clock.real())


class Override(models.Model):
    """Limits of one application in place of its plan's, until a time when they end by themselves.

    ``limits`` are policies like a plan's: each takes the place of its namesake, or is added.
    """

    id = IdField(prefix="ovr")
    application = models.ForeignKey(Application, models.CASCADE, related_name="overrides")
    limits = models.JSONField()
    reason = models.CharField(max_length=REASON_LIMIT)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.real)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it was ended early or replaced.")

    objects = OverrideQuerySet.as_manager()

    class Meta:
        """One at a time; newest first."""

        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application"],
                condition=models.Q(ended_at=None),
                name="one_override_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application} until {self.ends_at:%Y-%m-%d %H:%M}"

    @property
    def holds(self) -> bool:
        """Tell whether it is in force."""
        return self.ended_at is None and self.ends_at > clock.real()


class ChangeRequest(models.Model):
    """That a developer asked for another plan, and what became of it."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    id = IdField(prefix="pcr")
    application = models.ForeignKey(Application, models.CASCADE, related_name="plan_requests")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="requests")
    reason = models.CharField(max_length=REASON_LIMIT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.real)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=REASON_LIMIT, blank=True)

    class Meta:
        """One that waits at a time; newest first."""

        ordering: ClassVar = ["-created_at", "-id"]
        permissions: ClassVar = [("decide_changerequest", "Can decide on requests for plans")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application"],
                condition=models.Q(state="waiting"),
                name="one_plan_request_waits",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application} to {self.plan}"


class QuotaAlert(models.Model):
    """That a quota of a calendar period was nearly or wholly used up, and people were told."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="quota_alerts")
    policy = models.CharField(max_length=32)
    key = models.CharField(max_length=40, blank=True, help_text="Of a key's quota, the key.")
    limit = models.BigIntegerField()
    used = models.BigIntegerField()
    period = models.CharField(max_length=5)
    number = models.PositiveIntegerField(help_text="Of the calendar period.")
    ends_at = models.DateTimeField(help_text="When the period ends.")
    threshold = models.PositiveSmallIntegerField(help_text="Per cent.")
    created_at = models.DateTimeField(default=clock.real)

    class Meta:
        """Once for each threshold of each period; a larger limit is another one."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "policy", "key", "limit", "period", "number", "threshold"],
                name="alerted_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy} of {self.application} at {self.threshold} %"
