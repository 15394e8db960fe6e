"""What can happen to an API key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.applications import scopes as application_scopes
from apps.applications.errors import NotApproved
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.core import clock, secrets, vault
from apps.core.errors import Problem
from apps.core.networks import networks
from apps.core.overlap import alert_at
from apps.events import services as events
from apps.keys.errors import KeyClosed, KeyRotatedAlready, UnknownScope
from apps.keys.models import BRIEF, Key
from apps.orgs.actors import Actor, person
from apps.tenants.models import Tenant

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Issued:
    """A key and, this once, its secret."""

    key: Key
    secret: str


@transaction.atomic
def issue(
    application: Application,
    *,
    tenant: Tenant,
    name: str,
    scopes: Iterable[str],
    actor: Actor | None,
    kind: secrets.Kind = "k",
    expires_at: datetime | None = None,
    not_before: datetime | None = None,
    ip_allow: Iterable[str] = (),
    rotated_from: Key | None = None,
) -> Issued:
    """Create a key. A live secret lives only in what this returns; a sandbox's can be revealed."""
    if not application.may_use(tenant):
        raise NotApproved(f"{application} has sandbox access only. Submit it for review first.")
    wanted = sorted(set(scopes))
    _check_scopes(application, tenant, wanted)
    _check_life(not_before, expires_at)
    environment: secrets.Environment = "live" if tenant.livemode else "test"
    secret = secrets.mint(environment, kind=kind, prefix=settings.BRAND["key_prefix"])
    pepper_id, pepper = settings.KEY_PEPPERS[0]
    key = Key.objects.create(
        application=application,
        tenant=tenant,
        name=name,
        kind=kind,
        digest=secrets.digest(secret, pepper),
        pepper=pepper_id,
        sealed=None if tenant.livemode else vault.seal(secret),
        hint=secret[-4:],
        scopes=wanted,
        ip_allow=networks(ip_allow),
        not_before=not_before,
        expires_at=expires_at,
        rotated_from=rotated_from,
        created_by=person(actor),
    )
    record("key.issued", key, actor=actor)
    return Issued(key, secret)


@transaction.atomic
def rotate(
    key: Key,
    *,
    overlap: timedelta = OVERLAP,
    silent_hours: int | None = None,
    actor: Actor | None,
) -> Issued:
    """Give ``key`` a successor with the same rights; it stays good itself for the overlap.

    The successor lives as long as ``key`` was given. With ``silent_hours`` the overlap ends early
    once that many hours passed without a call. Of several at once, one wins.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Problem("The overlap is 0 hours to 7 days.", param="overlap")
    old = Key.objects.select_for_update(of=("self",)).get(pk=key.pk)
    if old.rotated_at:
        raise KeyRotatedAlready(f"{old} was rotated already. Rotate its successor instead.")
    if not old.is_open:
        raise KeyClosed(f"{old} is {old.state}. Create another key.")
    now = clock.real()
    issued = issue(
        old.application,
        tenant=old.tenant,
        name=old.name,
        scopes=old.scopes,
        actor=actor,
        kind=_kind(old),
        expires_at=end_of_successor(old),
        not_before=old.not_before if old.state == "waiting" else None,
        ip_allow=old.ip_allow,
        rotated_from=old,
    )
    end = now + overlap
    old.rotated_at, old.expires_at = now, min(old.expires_at or end, end)
    schedule(old, silent_hours=silent_hours)
    old.save(update_fields=["rotated_at", "expires_at", "alert_at", "silent_hours", "retire_at"])
    record("key.rotated", old, actor=actor, successor=issued.key.pk, ends_at=_text(old))
    key.refresh_from_db()
    return issued


def end_of_successor(old: Key) -> datetime | None:
    """Return when the successor of ``old`` would end: it lives as long as ``old`` was given."""
    return clock.real() + (old.expires_at - old.created_at) if old.expires_at else None


def schedule(old: Key, *, silent_hours: int | None) -> None:
    """Set when the sweep looks at a key that is being handed over; the caller saves it."""
    if old.rotated_at is None or old.expires_at is None:
        raise ValueError("This key is not being handed over.")
    old.alert_at = alert_at(old.rotated_at, old.expires_at)
    old.silent_hours = silent_hours
    old.retire_at = None
    if silent_hours:
        heard = max(old.rotated_at, old.last_used_at or old.rotated_at)
        old.retire_at = heard + timedelta(hours=silent_hours)


@transaction.atomic
def change(key: Key, *, name: str, ip_allow: Iterable[str], actor: Actor | None) -> None:
    """Give a key another name, and other networks that it may be used from."""
    key.name, key.ip_allow = name, networks(ip_allow)
    key.save(update_fields=["name", "ip_allow"])
    record("key.changed", key, actor=actor)


@transaction.atomic
def revoke(key: Key, *, actor: Actor | None, reason: str = "") -> None:
    """Close a key for good. Revoking twice is harmless, and recorded once."""
    open_key = Key.objects.filter(pk=key.pk, revoked_at=None)
    if open_key.update(revoked_at=clock.real(), revoked_reason=reason):
        record("key.revoked", key, actor=actor, reason=reason)
    key.refresh_from_db()


def reveal(key: Key) -> str | None:
    """Return a sandbox key's secret; None for a live key, a closed one, or after a vault change."""
    if key.sealed is None or key.state not in {"active", "retiring"}:
        return None
    return vault.unseal(bytes(key.sealed))


def page_key(application: Application, *, tenant: Tenant, actor: User) -> Issued:
    """Mint a sandbox key for one page of documentation: restricted, and gone in an hour."""
    return issue(
        application,
        tenant=tenant,
        name="Documentation page",
        scopes=_data_scopes(application),
        actor=actor,
        kind="r",
        expires_at=clock.real() + BRIEF,
    )


def find(secret: str) -> Key | None:
    """Return the key that ``secret`` belongs to, whatever its state."""
    digests = [secrets.digest(secret, pepper) for _, pepper in settings.KEY_PEPPERS]
    return Key.objects.filter(digest__in=digests).first()


def _data_scopes(application: Application) -> list[str]:
    shown = Scope.objects.shown_to(application.organization_id).of_data()
    return list(shown.values_list("name", flat=True))


def _check_scopes(application: Application, tenant: Tenant, wanted: list[str]) -> None:
    shown = Scope.objects.shown_to(application.organization_id)
    known = set(shown.filter(name__in=wanted).values_list("name", flat=True))
    if unknown := [scope for scope in wanted if scope not in known]:
        raise UnknownScope(f"There is no scope {', '.join(unknown)}.", param="scopes")
    application_scopes.check(application, tenant=tenant, scopes=wanted)


def _check_life(not_before: datetime | None, expires_at: datetime | None) -> None:
    if expires_at and expires_at <= clock.real():
        raise Problem("expires_at must lie in the future.", param="expires_at")
    if expires_at and not_before and expires_at <= not_before:
        raise Problem("A key must begin before it expires.", param="not_before")


def _kind(key: Key) -> secrets.Kind:
    kinds: dict[str, secrets.Kind] = {"k": "k", "r": "r", "p": "p"}
    return kinds[key.kind]


def _text(key: Key) -> str:
    return key.expires_at.isoformat() if key.expires_at else ""


def record(kind: str, key: Key, *, actor: Actor | None, **data: str) -> None:
    """Emit an event about ``key``, with all that it belongs to."""
    events.emit(
        kind,
        key,
        actor=actor,
        organization=key.application.organization_id,
        application=key.application_id,
        tenant=key.tenant_id,
        **data,
    )
