"""What the protocol has to remember, in PostgreSQL: losing Valkey revives and forges nothing."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core import clock
from apps.core.fields import IdField
from apps.oauth.models.client import Client


class PushedRequest(models.Model):
    """Parameters that a client pushed ahead of the browser (RFC 9126)."""

    digest = models.BinaryField(primary_key=True, max_length=32, help_text="Of the request_uri.")
    client = models.ForeignKey(Client, models.CASCADE, related_name="+")
    parameters: models.JSONField[Any, Any] = models.JSONField(help_text="Pairs of name and value.")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Pushed by {self.client}"


class UsedProof(models.Model):
    """A ``jti`` that was used: a DPoP proof or a client assertion is good once."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest.hex()


class SigningKey(models.Model):
    """A key that signs ID tokens and JWT access tokens; the private half is sealed.

    It is published before it signs, and stays published until the last token it signed has expired.
    """

    class State(models.TextChoices):
        """A key's age."""

        NEXT = "next", "Published, not signing yet"
        CURRENT = "current", "Signing"
        RETIRED = "retired", "Published for what it signed"

    id = IdField(prefix="sgk")
    algorithm = models.CharField(max_length=8, help_text="RS256, ES256 or EdDSA.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEXT)
    public: models.JSONField[Any, Any] = models.JSONField(help_text="The JWK; its kid is the id.")
    sealed = models.BinaryField(editable=False)
    created_at = models.DateTimeField(default=clock.real, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        """One signs at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["algorithm"], condition=Q(state="current"), name="one_current_signing_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.id}"


class SignIn(models.Model):
    """A portal session in which tokens were handed out: what ID tokens and logouts say of it."""

    sid = models.CharField(primary_key=True, max_length=43)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    methods = ArrayField(
        models.CharField(max_length=8), default=list, help_text="How it began (RFC 8176)."
    )
    clients = models.ManyToManyField(
        Client, related_name="+", help_text="Those that know of it and hear of its end."
    )
    began_at = models.DateTimeField(default=clock.real)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} since {self.began_at}"


class LogoutNotice(models.Model):
    """A logout that a client is told of (OpenID Connect Back-Channel Logout 1.0)."""

    id = IdField(prefix="lgn")
    client = models.ForeignKey(Client, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=40)
    sid = models.CharField(max_length=43)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.real, db_index=True)
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.real, editable=False)

    def __str__(self) -> str:
        return f"Logout of {self.subject} at {self.client}"
