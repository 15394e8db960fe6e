"""Plans and subscriptions."""

from typing import ClassVar

from django.db import models

from apps.applications.models import Application
from apps.core import clock
from apps.core.fields import IdField


class Plan(models.Model):
    """What an application may use."""

    id = IdField(prefix="pln")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False, help_text="New applications begin here.")

    class Meta:
        """One default."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_plan"
            )
        ]

    def __str__(self) -> str:
        return self.name


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
