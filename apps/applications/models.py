"""Third-party applications."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User
from apps.core import clock
from apps.core.fields import IdField
from apps.orgs.models import Organization
from apps.tenants.models import Tenant


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Applications."""

    def visible_to(self, user: User) -> Self:
        """Return those of the organizations that ``user`` is a member of."""
        return self.filter(user.belongs("organization"))


class Application(models.Model):  # type: ignore[django-manager-missing] # OAuth's
    """What a developer builds on the platform; it owns keys and OAuth clients."""

    class State(models.TextChoices):
        """How far the application is on its way to live traffic."""

        DRAFT = "draft", "Sandbox only"
        SUBMITTED = "submitted", "In review"
        CHANGES_REQUESTED = "changes_requested", "Changes requested"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        SUSPENDED = "suspended", "Suspended"

    id = IdField(prefix="app")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="applications")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=500, blank=True)
    homepage = models.URLField(blank=True)
    state = models.CharField(
        max_length=20, choices=State.choices, default=State.DRAFT, editable=False
    )
    state_reason = models.CharField(max_length=500, blank=True, editable=False)
    state_before_suspension = models.CharField(max_length=20, blank=True, editable=False)
    requested_scopes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=[],
        blank=True,
        help_text="What it asks for.",
    )
    approved_scopes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=[],
        blank=True,
        editable=False,
        help_text="What a reviewer allowed on live data.",
    )
    optional_scopes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=[],
        blank=True,
        help_text="Those of its scopes that an end user may leave out.",
    )
    is_demo = models.BooleanField(default=False, editable=False, help_text="Made by the demo.")
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        """Reviewers hold one permission of their own."""

        permissions = [("moderate_application", "Can decide about applications")]

    def __str__(self) -> str:
        return self.name

    def may_use(self, tenant: Tenant) -> bool:
        """Tell whether a credential for ``tenant`` may be made: live needs approval."""
        own = tenant.organization_id == self.organization_id
        return own and (not tenant.livemode or self.state == self.State.APPROVED)


class Logo(models.Model):
    """An application's picture: re-encoded by us, so that nothing of the upload is left in it."""

    application = models.OneToOneField(
        Application, models.CASCADE, primary_key=True, related_name="logo"
    )
    png = models.BinaryField(help_text="256 x 256 pixels.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the PNG, for its address.")
    updated_at = models.DateTimeField(default=clock.real)

    def __str__(self) -> str:
        return f"Logo of {self.application}"
