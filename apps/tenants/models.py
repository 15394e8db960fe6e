"""Tenants."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core import clock
from apps.core.fields import IdField
from apps.orgs.models import Organization


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Tenants."""

    def visible_to(self, user: User) -> Self:
        """Return the tenants of the organizations that ``user`` is a member of."""
        return self.filter(organization__memberships__user=user)


class Tenant(models.Model):
    """One isolated world of data: an organization has one live tenant and n sandboxes."""

    class Kind(models.TextChoices):
        """Live data or a sandbox's."""

        LIVE = "live", "Live"
        SANDBOX = "sandbox", "Sandbox"

    id = IdField(prefix="tnt")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="tenants")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)
    seed = models.CharField(max_length=40, blank=True, help_text="What the data began as.")
    clock_offset = models.DurationField(
        null=True, blank=True, help_text="How far this tenant's clock runs ahead of real time."
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        """One live tenant each."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(kind="live"), name="one_live_tenant"
            ),
            models.CheckConstraint(
                condition=~Q(kind="live", clock_offset__isnull=False), name="live_time_is_real"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def livemode(self) -> bool:
        """Tell whether real things happen here."""
        return self.kind == self.Kind.LIVE
