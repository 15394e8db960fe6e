"""Codes and tokens. Each holds a digest of its secret, never the secret.

What came from one authorization is one *family*: replaying its code or an old refresh token ends
all of it (RFC 9700, sections 2.1.1 and 4.14). Ended tokens stay as rows until they would have
expired, so that a refusal can say why.
"""

from typing import Any, ClassVar, Self

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
    ResourceJSONField,
)

from apps.accounts.models import User
from apps.core import clock, ids
from apps.oauth.models.client import ClientSecret
from apps.tenants.models import Tenant


class Authorization(models.Model):
    """What an end user's authorization hands down to every token made from it."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="+")
    family = models.UUIDField(null=True, db_index=True)
    jkt = models.CharField(
        max_length=43,
        blank=True,
        default="",
        db_default="",
        help_text="Thumbprint of the DPoP key (RFC 9449).",
    )
    sid = models.CharField(
        max_length=43,
        blank=True,
        default="",
        db_default="",
        help_text="The portal session it began in.",
    )
    auth_time = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        related_name="+",
        help_text="The developer who answered for a test end user.",
    )

    class Meta:
        """Columns for others."""

        abstract = True


class Grant(Authorization, AbstractGrant):  # noqa: DJ008 - the toolkit's
    """An authorization code; ``code`` is its SHA-256. It stays, to notice a replay."""

    redeemed_at = models.DateTimeField(null=True)

    class Meta(AbstractGrant.Meta):
        """Ours, swapped in."""


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Access tokens."""

    def usable(self) -> Self:
        """Return those that are neither revoked nor expired."""
        return self.filter(revoked_at=None, expires__gt=clock.real())


class AccessToken(Authorization, AbstractAccessToken):  # noqa: DJ008 - the toolkit's
    """An access token; it acts in the tenant that the end user chose, or in its client's own."""

    public_id = models.UUIDField(
        default=ids.uuid7,
        db_default=RandomUUID(),
        unique=True,
        editable=False,
        help_text="What backends and logs call it, as tok_….",
    )
    secret = models.ForeignKey(
        ClientSecret,
        models.SET_NULL,
        null=True,
        related_name="tokens",
        help_text="What its client proved itself with.",
    )
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta(AbstractAccessToken.Meta):
        """Ours, swapped in."""

    def is_valid(self, scopes: list[str] | None = None) -> bool:
        """Tell whether it is good for ``scopes``."""
        return self.revoked_at is None and super().is_valid(scopes)

    def revoke(self) -> None:
        """Close it; the toolkit would delete the row. ``families`` also tells gateways."""
        type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=clock.real())


class RefreshToken(Authorization, AbstractRefreshToken):  # noqa: DJ008 - the toolkit's
    """A refresh token, rotated at every use; none outlives ``ends_at``."""

    family = None  # The toolkit's token_family is it.
    scope = models.TextField(blank=True, default="", db_default="")
    claims = models.TextField(blank=True, default="", db_default="")
    ends_at = models.DateTimeField(null=True, help_text="However often it is rotated.")

    class Meta(AbstractRefreshToken.Meta):
        """Ours, swapped in."""

        unique_together = ("token_checksum", "revoked")
        indexes: ClassVar = [models.Index(fields=["token_family"])]


class IDToken(AbstractIDToken):
    """An OpenID Connect ID token."""

    class Meta(AbstractIDToken.Meta):
        """Ours, swapped in."""


class DeviceGrant(Authorization, AbstractDeviceGrant):  # noqa: DJ008 - the toolkit's
    """A device authorization; ``device_code`` is its SHA-256, ``user_code`` a keyed digest."""

    client_id = models.CharField(max_length=255, db_index=True)
    resource: models.JSONField[Any, Any] = ResourceJSONField(
        default=list, db_default=[], help_text="What its tokens are for (RFC 8707)."
    )
    polled_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)

    class Meta(AbstractDeviceGrant.Meta):
        """Ours, swapped in."""
