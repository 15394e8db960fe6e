"""OAuth clients and what they prove themselves with."""

from functools import partial
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Q
from oauth2_provider.models import AbstractApplication

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock, ids
from apps.core.fields import IdField
from apps.tenants.models import Tenant


class GrantType(models.TextChoices):
    """How a client may obtain tokens, named as in RFC 7591."""

    CODE = "authorization_code", "Authorization code"
    REFRESH = "refresh_token", "Refresh token"
    CLIENT = "client_credentials", "Client credentials"
    DEVICE = "urn:ietf:params:oauth:grant-type:device_code", "Device code"


class ClientQuerySet(models.QuerySet["Client"]):
    """OAuth clients."""

    def visible_to(self, user: User) -> Self:
        """Return those of the applications that ``user`` may see."""
        return self.filter(user.belongs("application__organization"))


def default_grant_types() -> list[str]:
    """Return what most clients need."""
    return [GrantType.CODE, GrantType.REFRESH]


class Client(AbstractApplication):
    """An OAuth client of an application, for live data or for sandboxes.

    Its secrets are ``ClientSecret`` rows; the toolkit's ``client_secret``, ``user`` and
    ``authorization_grant_type`` stay empty.
    """

    class Auth(models.TextChoices):
        """How a client proves itself at the token endpoint, named as in RFC 7591."""

        NONE = "none", "Public client, no secret"
        BASIC = "client_secret_basic", "Secret in the Authorization header"
        POST = "client_secret_post", "Secret in the body"
        JWT = "private_key_jwt", "Signed with its private key"

    class TokenFormat(models.TextChoices):
        """What its access tokens look like."""

        OPAQUE = "opaque", "Opaque"
        JWT = "jwt", "JWT (RFC 9068)"

    client_id = models.CharField(
        max_length=255, unique=True, default=partial(ids.new, "cli"), verbose_name="client ID"
    )
    client_secret = models.CharField(max_length=255, blank=True, default="", editable=False)
    authorization_grant_type = models.CharField(max_length=44, blank=True, default="")
    application = models.ForeignKey(Application, models.CASCADE, related_name="oauth_clients")
    environment = models.CharField(
        max_length=8, choices=Tenant.Kind.choices, default=Tenant.Kind.SANDBOX
    )
    grant_types = ArrayField(
        models.CharField(max_length=64, choices=GrantType.choices),
        default=default_grant_types,
        db_default=default_grant_types(),
    )
    authentication = models.CharField(
        max_length=24, choices=Auth.choices, default=Auth.BASIC, db_default=Auth.BASIC
    )
    jwks: models.JSONField[Any, Any] = models.JSONField(
        null=True, blank=True, help_text="The client's public keys (RFC 7517)."
    )
    token_format = models.CharField(
        max_length=8,
        choices=TokenFormat.choices,
        default=TokenFormat.OPAQUE,
        db_default=TokenFormat.OPAQUE,
    )
    ip_allow = ArrayField(
        models.CharField(max_length=43),
        default=list,
        db_default=[],
        blank=True,
        help_text="Networks from which its access tokens may be used; none means any.",
    )
    scopes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=[],
        blank=True,
        help_text="The most that it may have; none means all that its application may.",
    )
    dpop_required = models.BooleanField(
        default=False, db_default=False, help_text="dpop_bound_access_tokens"
    )
    par_required = models.BooleanField(
        default=False, db_default=False, help_text="require_pushed_authorization_requests"
    )
    id_token_algorithm = models.CharField(max_length=8, default="RS256", db_default="RS256")
    backchannel_logout_uri = models.URLField(blank=True, default="", db_default="")
    metadata: models.JSONField[Any, Any] = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What it said of itself when it registered.",
    )
    registration_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    proved_with: "ClientSecret | None" = None  # in the request at hand; no column

    objects = ClientQuerySet.as_manager()

    class Meta(AbstractApplication.Meta):
        """Ours, swapped in."""

    @property
    def is_public(self) -> bool:
        """Tell whether it cannot keep a secret."""
        return bool(self.client_type == self.CLIENT_PUBLIC)

    @property
    def livemode(self) -> bool:
        """Tell whether its tokens act on live data."""
        return self.environment == Tenant.Kind.LIVE

    def allows_grant_type(self, *grant_types: str) -> bool:
        """Tell whether one of ``grant_types`` is open to it; the toolkit writes some with ``-``."""
        asked = {standard_name(name) for name in grant_types}
        return bool(asked.intersection(self.grant_types))


def standard_name(grant_type: str) -> str:
    """Return the toolkit's name of a grant type as the standards write it."""
    return grant_type if ":" in grant_type else grant_type.replace("-", "_")


class ClientSecretQuerySet(models.QuerySet["ClientSecret"]):
    """Client secrets."""

    def usable(self) -> Self:
        """Return those that are neither revoked nor expired."""
        return self.filter(revoked_at=None).exclude(expires_at__lte=clock.real())

    def with_tokens(self) -> Self:
        """Count, as ``alive``, the access tokens obtained with each that still open something."""
        good = Q(tokens__revoked_at=None, tokens__expires__gt=clock.real())
        return self.annotate(alive=Count("tokens", filter=good))


class ClientSecret(models.Model):
    """One of a client's secrets; several are good at once, so that they can be exchanged."""

    id = IdField(prefix="csk")
    client = models.ForeignKey(Client, models.CASCADE, related_name="secrets")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    pepper = models.CharField(max_length=8, editable=False)
    hint = models.CharField(max_length=4, editable=False, help_text="How the secret ends.")
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    alert_at = models.DateTimeField(
        null=True, editable=False, help_text="When to warn that it is still in use."
    )
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="Accurate to five minutes."
    )

    objects = ClientSecretQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.client} …{self.hint}"


class InitialToken(models.Model):
    """Lets its bearer register clients for one application (RFC 7591, section 3)."""

    id = IdField(prefix="iat")
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(max_length=4, editable=False)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)
    expires_at = models.DateTimeField()
    uses_left = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"Initial access token …{self.hint} of {self.application}"
