"""What can happen to an API key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.applications import scopes as application_scopes
from apps.applications.errors import NotApproved
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.core import clock, secrets, vault
from apps.core.errors import Problem
from apps.events import services as events
from apps.keys.errors import UnknownScope
from apps.keys.models import Key
from apps.tenants.models import Tenant

PAGE_KEY_LIFE = timedelta(hours=1)


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
    actor: User | None,
    kind: secrets.Kind = "k",
    expires_at: datetime | None = None,
    ip_allow: Iterable[str] = (),
) -> Issued:
    """Create a key. A live secret lives only in what this returns; a sandbox's can be revealed."""
    if not application.may_use(tenant):
        raise NotApproved(f"{application} has sandbox access only. Submit it for review first.")
    wanted = sorted(set(scopes))
    _check_scopes(wanted)
    application_scopes.check(application, tenant=tenant, scopes=wanted)
    if expires_at and expires_at <= clock.real():
        raise Problem("expires_at must lie in the future.", param="expires_at")
    secret = secrets.mint(
        "live" if tenant.livemode else "test", kind=kind, prefix=settings.BRAND["key_prefix"]
    )
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
        ip_allow=_networks(ip_allow),
        expires_at=expires_at,
        created_by=actor,
    )
    _record("key.issued", key, actor=actor)
    return Issued(key, secret)


@transaction.atomic
def revoke(key: Key, *, actor: User | None, reason: str = "") -> None:
    """Close a key for good. Revoking twice is harmless, and recorded once."""
    open_key = Key.objects.filter(pk=key.pk, revoked_at=None)
    if open_key.update(revoked_at=clock.real(), revoked_reason=reason):
        _record("key.revoked", key, actor=actor, reason=reason)
    key.refresh_from_db()


def reveal(key: Key) -> str | None:
    """Return a sandbox key's secret; None for a live key, a closed one, or after a vault change."""
    if key.sealed is None or key.state != "active":
        return None
    return vault.unseal(bytes(key.sealed))


def page_key(application: Application, *, tenant: Tenant, actor: User) -> Issued:
    """Mint a sandbox key for one page of documentation: restricted, and gone in an hour."""
    return issue(
        application,
        tenant=tenant,
        name="Documentation page",
        scopes=Scope.objects.values_list("name", flat=True),
        actor=actor,
        kind="r",
        expires_at=clock.real() + PAGE_KEY_LIFE,
    )


def find(secret: str) -> Key | None:
    """Return the key that ``secret`` belongs to, whatever its state."""
    digests = [secrets.digest(secret, pepper) for _, pepper in settings.KEY_PEPPERS]
    return Key.objects.filter(digest__in=digests).first()


def _check_scopes(wanted: list[str]) -> None:
    known = set(Scope.objects.filter(name__in=wanted).values_list("name", flat=True))
    if unknown := [scope for scope in wanted if scope not in known]:
        raise UnknownScope(f"There is no scope {', '.join(unknown)}.", param="scopes")


def _networks(wanted: Iterable[str]) -> list[str]:
    try:
        return [str(ip_network(item.strip(), strict=False)) for item in wanted]
    except ValueError as error:
        raise Problem(f"{error}. Write addresses as 203.0.113.0/24.", param="ip_allow") from error


def _record(kind: str, key: Key, *, actor: User | None, **data: str) -> None:
    events.emit(
        kind,
        key,
        actor=actor,
        organization=key.application.organization_id,
        application=key.application_id,
        tenant=key.tenant_id,
        **data,
    )
