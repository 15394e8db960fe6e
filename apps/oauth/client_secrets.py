"""A client's secrets: several at once, so that one can be exchanged without an outage."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.core import clock, secrets
from apps.core.errors import Problem
from apps.core.overlap import ALERT_AT, alert_at, still_used
from apps.events import services as events
from apps.notifications import services as notifications
from apps.oauth.models import Client, ClientSecret
from apps.orgs.actors import Actor, person
from apps.orgs.recipients import responsible

AT_MOST = 5  # usable at once: an exchange needs two
SEEN_EVERY = timedelta(minutes=5)
BATCH = 100


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
    now = clock.real()
    end = now + overlap
    others = secret.client.secrets.usable().exclude(pk=secret.pk)
    later = others.filter(Q(expires_at=None) | Q(expires_at__gt=end))
    if not overlap:
        closing = list(others)
        for other in closing:
            revoke_secret(other, actor=actor)
        return len(closing)
    changed: int = later.update(expires_at=end, alert_at=alert_at(now, end))
    return changed


def alert() -> int:
    """Write to the owners of old secrets that are still in use late in their overlap, once each."""
    due = ClientSecret.objects.usable().filter(alert_at__lte=clock.real())
    return sum(_alert(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _alert(pk: str) -> bool:
    free = ClientSecret.objects.usable().select_for_update(skip_locked=True, of=("self",))
    old = free.select_related("client__application").filter(pk=pk).first()
    if old is None or old.alert_at is None or old.expires_at is None:
        return False
    began = old.expires_at - (old.expires_at - old.alert_at) / (1 - ALERT_AT)
    if not still_used(began, old.alert_at, old.last_used_at):
        return False
    ClientSecret.objects.filter(pk=pk).update(alert_at=None)
    alive = old.tokens.filter(revoked_at=None, expires__gt=clock.real()).count()
    notifications.notify(
        responsible(old.client.application.organization_id, maker=old.created_by_id),
        subject=f"{old.client.name}: an old secret is still in use",
        template="secret_still_used",
        context={"secret": old, "client": old.client, "alive": alive},
    )
    return True


@transaction.atomic
def revoke_secret(secret: ClientSecret, *, actor: Actor | None) -> None:
    """Close a secret for good. Revoking twice is harmless, and recorded once."""
    if ClientSecret.objects.filter(pk=secret.pk, revoked_at=None).update(revoked_at=clock.real()):
        _record("client.secret_revoked", secret, actor)
    secret.refresh_from_db()


def check(client: Client, text: str) -> ClientSecret | None:
    """Return which of the client's usable secrets ``text`` is, if any; note that it was used.

    A keyed fast hash: at 190 random bits a slow one adds nothing but a second of CPU a request.
    """
    digests = [secrets.digest(text, pepper) for _, pepper in settings.KEY_PEPPERS]
    found: ClientSecret | None = client.secrets.usable().filter(digest__in=digests).first()
    if found is None:
        return None
    now = clock.real()
    if found.last_used_at is None or found.last_used_at < now - SEEN_EVERY:
        secret = ClientSecret.objects.filter(pk=found.pk)
        transaction.on_commit(partial(secret.update, last_used_at=now), robust=True)
    return found


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
