"""API keys."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.fields import IdField
from apps.tenants.models import Tenant


class KeyQuerySet(models.QuerySet["Key"]):
    """API keys."""

    def visible_to(self, user: User) -> Self:
        """Return the keys of the applications that ``user`` may see."""
        return self.filter(application__organization__memberships__user=user)

    def usable(self) -> Self:
        """Return those that are neither revoked nor expired."""
        return self.filter(revoked_at=None).exclude(expires_at__lte=clock.real())


class Key(models.Model):
    """A credential for one application in one tenant. The secret of a live key is never stored."""

    class Kind(models.TextChoices):
        """What a key is for."""

        SECRET = "k", "Secret"
        RESTRICTED = "r", "Restricted"
        PUBLISHABLE = "p", "Publishable"

    id = IdField(prefix="key")
    application = models.ForeignKey(Application, models.CASCADE, related_name="keys")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="keys")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.SECRET)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    pepper = models.CharField(max_length=8, editable=False)
    sealed = models.BinaryField(null=True, editable=False, help_text="Sandbox keys only.")
    hint = models.CharField(max_length=4, editable=False, help_text="How the secret ends.")
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    ip_allow = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_reason = models.CharField(max_length=200, blank=True, editable=False)
    rotated_from = models.ForeignKey("self", models.SET_NULL, null=True, editable=False)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)
    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="Accurate to five minutes."
    )

    objects = KeyQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"

    @property
    def state(self) -> str:
        """Return ``active``, ``revoked``, ``expired`` or ``waiting`` (before ``not_before``)."""
        now = clock.real()
        if self.revoked_at:
            return "revoked"
        if self.expires_at and self.expires_at <= now:
            return "expired"
        return "waiting" if self.not_before and self.not_before > now else "active"
