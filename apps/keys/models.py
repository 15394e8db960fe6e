"""API keys."""

from datetime import timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.fields import IdField
from apps.tenants.models import Tenant

BRIEF = timedelta(hours=1)  # what a key of a documentation page lives


class KeyQuerySet(models.QuerySet["Key"]):
    """API keys."""

    def visible_to(self, user: User) -> Self:
        """Return the keys of the applications that ``user`` may see."""
        return self.filter(user.belongs("application__organization"))

    def usable(self) -> Self:
        """Return those that are neither revoked nor expired."""
        return self.filter(revoked_at=None).exclude(expires_at__lte=clock.real())

    def brief(self) -> Self:
        """Return the short-lived keys of documentation pages."""
        ends = models.F("created_at") + BRIEF
        return self.filter(kind=Key.Kind.RESTRICTED, expires_at__isnull=False, expires_at__lte=ends)

    def lasting(self) -> Self:
        """Return all others: those that people made."""
        return self.exclude(pk__in=Key.objects.brief())


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
    rotated_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when a successor takes over."
    )
    silent_hours = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text="Hours without a call that end the hand-over."
    )
    retire_at = models.DateTimeField(
        null=True, editable=False, help_text="When to look whether it fell silent."
    )
    alert_at = models.DateTimeField(
        null=True, editable=False, help_text="When to warn that it is still in use."
    )
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)
    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="Accurate to five minutes."
    )
    last_used_from = models.CharField(
        max_length=43,
        blank=True,
        db_default="",
        editable=False,
        help_text="The network of that call.",
    )

    objects = KeyQuerySet.as_manager()

    class Meta:
        """Newest first; small indexes for what falls due."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(revoked_at=None, expires_at__isnull=False),
                name="keys_that_expire",
            ),
            models.Index(
                fields=["rotated_at"],
                condition=models.Q(rotated_at__isnull=False),
                name="keys_rotated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"

    @property
    def state(self) -> str:
        """Return what the key is good for now.

        ``active``, ``retiring`` (rotated, and still good), ``waiting`` (before ``not_before``),
        ``rotated`` (its hand-over is over), ``expired`` or ``revoked``.
        """
        now = clock.real()
        if self.revoked_at:
            return "revoked"
        if self.expires_at and self.expires_at <= now:
            return "rotated" if self.rotated_at else "expired"
        if self.not_before and self.not_before > now:
            return "waiting"
        return "retiring" if self.rotated_at else "active"

    @property
    def is_open(self) -> bool:
        """Tell whether there is something to revoke."""
        return self.state in {"active", "retiring", "waiting"}

    @property
    def start(self) -> str:
        """Return how its text begins, as lists show it."""
        environment = "live" if self.tenant.livemode else "test"
        return f"{settings.BRAND['key_prefix']}_{environment}_{self.kind}"


class LeakReport(models.Model):
    """Somebody found a credential where it does not belong. Neither body nor text is kept."""

    class Policy(models.TextChoices):
        """What is done about it."""

        NOTIFY = "notify", "Tell the owners"
        REVOKE = "revoke", "Revoke at once"
        GRACE = "grace", "Revoke after a grace period"

    id = IdField(prefix="lkr")
    subject = models.CharField(
        max_length=255, db_default="", help_text="What was found, such as key_… or csk_…."
    )
    key = models.ForeignKey(Key, models.CASCADE, null=True, related_name="leaks")
    reporter = models.CharField(max_length=80, help_text="Who signed the report, or the form.")
    url = models.CharField(max_length=500, blank=True, help_text="Where it was found.")
    place = models.CharField(max_length=40, blank=True, help_text="Such as commit or issue.")
    policy = models.CharField(max_length=6, choices=Policy.choices)
    reported_at = models.DateTimeField(default=clock.real)
    due_at = models.DateTimeField(null=True, help_text="When it is revoked.")
    settled_at = models.DateTimeField(null=True, help_text="When there was nothing left to do.")

    class Meta:
        """Newest first; the same finding counts once."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "reporter", "url"], name="leak_counts_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(settled_at=None, due_at__isnull=False),
                name="leaks_to_settle",
            ),
            models.Index(fields=["subject"], name="leaks_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.key or self.subject} reported by {self.reporter}"
