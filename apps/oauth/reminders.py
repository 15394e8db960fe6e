"""Which client secrets end soon."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db.models import Q

from apps.notifications.reminders import Expiring
from apps.oauth.models import ClientSecret
from apps.orgs.recipients import responsible


def expiring(now: datetime, horizon: datetime) -> Iterator[Expiring]:
    """Yield the secrets that expire by ``horizon``, without those that a later one replaces."""
    ending = ClientSecret.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=horizon
    ).select_related("client__application")
    for secret in ending.iterator():
        if secret.expires_at and not _replaced(secret, secret.expires_at):
            yield Expiring(
                subject=secret.pk,
                words=f"The secret …{secret.hint} of the OAuth client “{secret.client.name}”",
                path=f"/oauth-clients/{secret.client.client_id}",
                began_at=secret.created_at,
                ends_at=secret.expires_at,
                recipients=partial(
                    responsible,
                    secret.client.application.organization_id,
                    maker=secret.created_by_id,
                ),
            )


def _replaced(secret: ClientSecret, ends_at: datetime) -> bool:
    later = Q(expires_at=None) | Q(expires_at__gt=ends_at)
    others = secret.client.secrets.usable().exclude(pk=secret.pk)
    return bool(others.filter(later, created_at__gt=secret.created_at).exists())
