"""Tenants."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core import clock
from apps.core.fields import IdField
from apps.orgs.models import Membership as OrganizationMembership
from apps.orgs.models import Organization
from apps.orgs.permissions import PERMISSIONS


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Tenants."""

    def visible_to(self, user: User) -> Self:
        """Return the tenants of the organizations that ``user`` is a member of."""
        return self.filter(user.belongs("organization"))

    def open_to(self, user: User) -> Self:
        """Return those in which ``user`` has a place: as a member in any role, or as an end user.

        Telling an application who one is takes no more than that.
        """
        return self.filter(Q(organization__in=_places(user)) | _of_end_user(user))

    def grantable_by(self, user: User) -> Self:
        """Return those in which ``user`` may let an application act on data.

        A member's role decides. An end user lets it act for themselves.
        """
        return self.filter(_by_role(user) | _of_end_user(user))

    def grantable_by_role(self, user: User) -> Self:
        """Return those in which ``user`` may do so as a member of the organization."""
        return self.filter(_by_role(user))


def _places(user: User, *, may: str = "") -> models.QuerySet[Any]:
    """Return the organizations that ``user`` is a member of, in a role that may do ``may``."""
    mine = OrganizationMembership.objects.filter(user=user)
    if may:
        mine = mine.filter(role__in=PERMISSIONS[may])
    return mine.values("organization")


def _by_role(user: User) -> Q:
    sandboxes = _places(user, may="connection.create")
    live = _places(user, may="connection.create_live")
    return Q(kind=Tenant.Kind.SANDBOX, organization__in=sandboxes) | Q(
        kind=Tenant.Kind.LIVE, organization__in=live
    )


def _of_end_user(user: User) -> Q:
    return Q(pk__in=Membership.objects.filter(user=user).values("tenant"))


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


class MembershipQuerySet(models.QuerySet["Membership"]):
    """End users' places in tenants."""

    def visible_to(self, user: User) -> Self:
        """Return those in the tenants that ``user``, a developer, may see."""
        return self.filter(user.belongs("tenant__organization"))


class Membership(models.Model):
    """An end user whose data is in a tenant and who may let applications act there.

    Members of the organization need no such row. In a sandbox these are the test end users that
    its developers may act as.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="tenant_memberships")
    created_at = models.DateTimeField(default=clock.real, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        """Each person once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "user"], name="end_user_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"
