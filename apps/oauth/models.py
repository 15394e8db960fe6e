"""django-oauth-toolkit's six models, ours from the first migration on.

A swapped model cannot be swapped later without rewriting history, so they are ours although the
provider is completed in steps. ``Client`` exists per application and tenant kind.
"""

from django.db import models
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from apps.applications.models import Application
from apps.tenants.models import Tenant


class Client(AbstractApplication):
    """An OAuth client of an application, for live data or for sandboxes."""

    application = models.ForeignKey(
        Application, models.CASCADE, null=True, related_name="oauth_clients"
    )
    environment = models.CharField(
        max_length=8, choices=Tenant.Kind.choices, default=Tenant.Kind.SANDBOX
    )

    class Meta(AbstractApplication.Meta):
        """Ours, swapped in."""


class Grant(AbstractGrant):
    """An authorization code."""

    class Meta(AbstractGrant.Meta):
        """Ours, swapped in."""


class AccessToken(AbstractAccessToken):
    """An access token; it acts in the tenant that the end user chose."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="+")

    class Meta(AbstractAccessToken.Meta):
        """Ours, swapped in."""


class RefreshToken(AbstractRefreshToken):
    """A refresh token, rotated at every use."""

    class Meta(AbstractRefreshToken.Meta):
        """Ours, swapped in."""


class IDToken(AbstractIDToken):
    """An OpenID Connect ID token."""

    class Meta(AbstractIDToken.Meta):
        """Ours, swapped in."""


class DeviceGrant(AbstractDeviceGrant):
    """A device authorization."""

    class Meta(AbstractDeviceGrant.Meta):
        """Ours, swapped in."""
