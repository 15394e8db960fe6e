"""People, the terms they accepted, and where they are signed in."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

from apps.core import clock
from apps.core.fields import IdField


class UserManager(BaseUserManager["User"]):
    """Makes users, who are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password none can sign in with one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an operator who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing] # OAuth's
    """A person: developer, operator or end user."""

    id = IdField(prefix="usr")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=clock.real, editable=False)

    objects = UserManager()

    # The organization whose pages are open. Without one, a person sees those of all of theirs.
    acting_in: str | None = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    def belongs(self, organization: str) -> models.Q:
        """Return the condition that this person may see what ``organization`` leads to."""
        member = models.Q(**{f"{organization}__memberships__user": self})
        if self.acting_in is None:
            return member
        return member & models.Q(**{f"{organization}__id": self.acting_in})

    def get_short_name(self) -> str:
        """Return how to greet this person."""
        return self.name.split(" ")[0] or self.email.partition("@")[0]


class TermsQuerySet(models.QuerySet["Terms"]):
    """Versions of the terms."""

    def current(self) -> "Terms | None":
        """Return the version in force."""
        return self.filter(effective_at__lte=clock.real()).order_by("-effective_at").first()


class Terms(models.Model):
    """One version of the terms of service. Published versions never change."""

    id = IdField(prefix="trm")
    version = models.CharField(max_length=20, unique=True)
    body = models.TextField(help_text="Markdown.")
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the body.")
    effective_at = models.DateTimeField()

    objects = TermsQuerySet.as_manager()

    class Meta:
        """Shown under its plural name."""

        verbose_name_plural = "terms"

    def __str__(self) -> str:
        return f"Terms {self.version}"


class Acceptance(models.Model):
    """Who accepted which terms, when and from where."""

    user = models.ForeignKey(User, models.CASCADE, related_name="acceptances")
    terms = models.ForeignKey(Terms, models.PROTECT, related_name="acceptances")
    digest = models.CharField(max_length=64, help_text="Of the text that was shown.")
    ip = models.GenericIPAddressField(null=True, blank=True)
    accepted_at = models.DateTimeField(default=clock.real)

    class Meta:
        """Accepted once each."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "terms"], name="terms_accepted_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} accepted {self.terms}"


class BrowserSession(models.Model):
    """Where somebody is signed in. Django keeps the session; this says what people ask about it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="browser_sessions")
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField(default=clock.real)
    last_seen_at = models.DateTimeField(default=clock.real, help_text="Accurate to five minutes.")

    def __str__(self) -> str:
        return f"{self.user} at {self.ip}"
