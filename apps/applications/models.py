"""Third-party applications."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Concat

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

    def changed_since_review(self) -> Self:
        """Return the approved ones of which people do not read yet what their developers want.

        Nor did a reviewer refuse just that.
        """
        line = Value("\n")
        now = Concat(
            *("name", line, "organization__name", line, "homepage", line),
            Coalesce("logo__digest", Value("")),
            output_field=models.TextField(),
        )
        kept = "presentation__"
        before = Concat(
            *(f"{kept}name", line, f"{kept}publisher", line, f"{kept}homepage", line),
            f"{kept}digest",
            output_field=models.TextField(),
        )
        approved = self.filter(state=Application.State.APPROVED, presentation__isnull=False)
        changed = approved.annotate(face_now=now, face_before=before).exclude(
            face_now=F("face_before")
        )
        return changed.exclude(face_now=F(f"{kept}refused"))


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


class Pin(models.Model):
    """The dated revision of an API's version in which an application is served.

    It begins with the newest at the time; an application without one came before there were
    revisions, and is served in the first. ``version`` is written as in paths: commerce/v1.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="pins")
    version = models.CharField(max_length=60)
    revision = models.CharField(max_length=10, help_text="A date.")
    since = models.DateTimeField(default=clock.real)
    former = models.CharField(max_length=10, blank=True, help_text="What it was moved from.")

    class Meta:
        """One for each version."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "version"], name="pin_once")
        ]

    def __str__(self) -> str:
        return f"{self.version} in {self.revision}"


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


class Presentation(models.Model):
    """What people read about an application: a copy of what a reviewer agreed to last."""

    application = models.OneToOneField(
        Application, models.CASCADE, primary_key=True, related_name="presentation"
    )
    name = models.CharField(max_length=80)
    publisher = models.CharField(max_length=80, help_text="The organization's name.")
    homepage = models.URLField(blank=True)
    png = models.BinaryField(null=True, help_text="The logo.")
    digest = models.CharField(max_length=64, blank=True, help_text="The logo's SHA-256.")
    approved_at = models.DateTimeField(default=clock.real)
    refused = models.TextField(blank=True, help_text="The wish that a reviewer refused last.")
    refused_because = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.name} by {self.publisher}"
