"""A client's secrets: several at once, so that one can be exchanged without an outage."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.core import clock, secrets
from apps.core.errors import Problem
from apps.events import services as events
from apps.oauth.models import Client, ClientSecret
from apps.orgs.actors import Actor, person

AT_MOST = 5  # usable at once: an exchange needs two
SEEN_EVERY = timedelta(minutes=5)


@transaction.atomic
def add_secret(
    client: Client, *, expires_at: datetime | None = None, actor: Actor | None
) -> tuple[ClientSecret, str]:
    """Add a secret and return it with its text, which is never shown again."""
    if client.is_public:
        raise Problem("A public client cannot keep a secret: it proves its codes with PKCE.")
    if expires_at and expires_at <= clock.real():
        raise Problem("expires_at must lie in the future.", param="expires_at")
    Client.objects.select_for_update().get(pk=client.pk)
    if client.secrets.usable().count() >= AT_MOST:
        raise Problem(f"A client has at most {AT_MOST} usable secrets. Revoke one first.")
    text = secrets.mint(
        "live" if client.livemode else "test", kind="c", prefix=settings.BRAND["key_prefix"]
    )
    pepper_id, pepper = settings.KEY_PEPPERS[0]
    secret = ClientSecret.objects.create(
        client=client,
        digest=secrets.digest(text, pepper),
        pepper=pepper_id,
        hint=text[-4:],
        created_by=person(actor),
        expires_at=expires_at,
    )
    _record("client.secret_created", secret, actor)
    return secret, text


@transaction.atomic
def retire_others(secret: ClientSecret, *, overlap: timedelta, actor: Actor | None) -> int:
    """Let the client's other secrets expire after ``overlap``; return how many will."""
    end = clock.real() + overlap
    others = secret.client.secrets.usable().exclude(pk=secret.pk)
    later = others.filter(Q(expires_at=None) | Q(expires_at__gt=end))
    if not overlap:
        closing = list(others)
        for other in closing:
            revoke_secret(other, actor=actor)
        return len(closing)
    changed: int = later.update(expires_at=end)
    return changed


@transaction.atomic
def revoke_secret(secret: ClientSecret, *, actor: Actor | None) -> None:
    """Close a secret for good. Revoking twice is harmless, and recorded once."""
    if ClientSecret.objects.filter(pk=secret.pk, revoked_at=None).update(revoked_at=clock.real()):
        _record("client.secret_revoked", secret, actor)
    secret.refresh_from_db()


def check(client: Client, text: str) -> bool:
    """Tell whether ``text`` is one of the client's usable secrets; note that it was used.

    A keyed fast hash: at 190 random bits a slow one adds nothing but a second of CPU a request.
    """
    digests = [secrets.digest(text, pepper) for _, pepper in settings.KEY_PEPPERS]
    found = client.secrets.usable().filter(digest__in=digests).first()
    if found is None:
        return False
    now = clock.real()
    if found.last_used_at is None or found.last_used_at < now - SEEN_EVERY:
        secret = ClientSecret.objects.filter(pk=found.pk)
        transaction.on_commit(partial(secret.update, last_used_at=now), robust=True)
    return True


def _record(kind: str, secret: ClientSecret, actor: Actor | None) -> None:
    client = secret.client
    events.emit(
        kind,
        secret,
        actor=actor,
        organization=client.application.organization_id,
        application=client.application_id,
        client_id=client.client_id,
        hint=secret.hint,
    )
