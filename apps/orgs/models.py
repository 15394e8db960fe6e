"""Organizations and memberships."""

from typing import ClassVar, Self

from django.db import models

from apps.accounts.models import User
from apps.core import clock
from apps.core.fields import IdField


class Role(models.TextChoices):
    """A member's place in the organization."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    DEVELOPER = "developer", "Developer"
    BILLING = "billing", "Billing"
    AUDITOR = "auditor", "Auditor"


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Organizations."""

    def visible_to(self, user: User) -> Self:
        """Return those that ``user`` is a member of."""
        return self.filter(memberships__user=user)


class Organization(models.Model):
    """A team of developers; it owns applications and tenants."""

    id = IdField(prefix="org")
    name = models.CharField(max_length=80)
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspension_reason = models.CharField(max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.real, editable=False)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's place in one organization."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.DEVELOPER)
    joined_at = models.DateTimeField(default=clock.real, editable=False)

    class Meta:
        """One role for each member."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "user"], name="member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}) of {self.organization}"
