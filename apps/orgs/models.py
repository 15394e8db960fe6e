"""Organizations, their members, and who is invited."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

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
    is_internal = models.BooleanField(
        default=False, db_default=False, help_text="Of the operator itself: it sees internal APIs."
    )
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspension_reason = models.CharField(max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.real, editable=False)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class MemberQuerySet(models.QuerySet["Membership"]):
    """Places in organizations."""

    def visible_to(self, user: User) -> Self:
        """Return those in the organizations that ``user`` is a member of."""
        return self.filter(user.belongs("organization"))


class Membership(models.Model):
    """One person's place in one organization."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.DEVELOPER)
    joined_at = models.DateTimeField(default=clock.real, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        """One role for each member."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "user"], name="member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}) of {self.organization}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations."""

    def visible_to(self, user: User) -> Self:
        """Return those of the organizations that ``user`` is a member of."""
        return self.filter(user.belongs("organization"))

    def pending(self) -> Self:
        """Return those that were neither accepted nor revoked; they may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self) -> Self:
        """Return those that can be accepted."""
        return self.pending().filter(expires_at__gt=clock.real())


class Invitation(models.Model):
    """A place in an organization, offered to whoever reads the mail of one address."""

    id = IdField(prefix="inv")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField(help_text="In small letters.")
    role = models.CharField(max_length=12, choices=Role.choices)
    digest = models.BinaryField(
        max_length=32, unique=True, editable=False, help_text="SHA-256 of the token in the mail."
    )
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)
    sent_at = models.DateTimeField(default=clock.real, editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        """One pending invitation for each address."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invited_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"

    @property
    def state(self) -> str:
        """Return ``open``, ``accepted``, ``revoked`` or ``expired``."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "open" if self.expires_at > clock.real() else "expired"
