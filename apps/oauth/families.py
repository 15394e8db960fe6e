"""Families: all that came from one authorization, and how it ends together.

Whoever adds to a family or ends it holds the family's lock until the transaction is over, so no
token is born into a family while it dies. The refused second use of a code or refresh token ends
the family for good, also when two honest requests of one client race: nobody can tell which of
them is the thief (RFC 9700, section 4.14.2).
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.core import clock
from apps.events import services as events
from apps.oauth.models import AccessToken, Client, DeviceGrant, Grant, RefreshToken
from apps.tenants.models import Tenant

Actor = events.Known | str | None


def lock(family: UUID | None) -> None:
    """Hold the family until the transaction ends."""
    if family is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"fam:{family}"])


@transaction.atomic
def end(family: UUID | None, *, reason: str, actor: Actor) -> int:
    """Revoke every token of a family and spend its code; return how many access tokens it was."""
    if family is None:
        return 0
    lock(family)
    now = clock.real()
    Grant.objects.filter(family=family, redeemed_at=None).update(redeemed_at=now)
    DeviceGrant.objects.filter(family=family, redeemed_at=None).update(redeemed_at=now)
    refreshable = RefreshToken.objects.filter(token_family=family, revoked=None)
    last = refreshable.select_related("application__application").order_by("-pk").first()
    refreshable.update(revoked=now)
    closed = _close(AccessToken.objects.filter(family=family), reason, actor)
    if last is not None and not closed:  # Nothing for gateways, but the log shows that it ended.
        _tell(last.application, last.tenant_id, [], reason, actor)
    return closed


@transaction.atomic
def end_all(
    *,
    reason: str,
    actor: Actor,
    user: User | None = None,
    client: Client | None = None,
    tenant: Tenant | None = None,
    answered_by: User | None = None,
) -> int:
    """End the families of ``user``, ``client`` and ``tenant`` together; return how many those were.

    A client's own tokens, which belong to no user and no family, end with their client or tenant.
    ``answered_by`` chooses what a developer allowed in the place of test end users.
    """
    asked = {"user": user, "application": client, "tenant": tenant, "answered_by": answered_by}
    if not any(asked.values()):
        raise TypeError("end_all() needs a user, a client or a tenant.")
    chosen = Q(**{name: value for name, value in asked.items() if value is not None})
    found = sorted(_families(chosen, asked))
    for family in found:
        end(family, reason=reason, actor=actor)
    _close(AccessToken.objects.filter(chosen), reason, actor)
    return len(found)


@transaction.atomic
def end_holding(gone: Collection[str], *, of: Q, reason: str, actor: Actor) -> None:
    """End what holds one of the scopes ``gone``, among the tokens that ``of`` chooses.

    A token's scope was told to its holder, so it ends instead of shrinking.
    """
    if not gone:
        return
    holds = Q()
    for name in gone:
        holds |= Q(scope__contains=name)
    wanted = set(gone)
    found = AccessToken.objects.usable().filter(of & holds)
    renewable = RefreshToken.objects.filter(of & holds, revoked=None)
    ended = {token.family for token in found if wanted.intersection(token.scope.split())}
    ended |= {one.token_family for one in renewable if wanted.intersection(one.scope.split())}
    for family in sorted(filter(None, ended)):
        end(family, reason=reason, actor=actor)
    for token in found.filter(family=None):
        if wanted.intersection(token.scope.split()):
            revoke_access_token(token, reason=reason, actor=actor)


@transaction.atomic
def revoke_access_token(token: AccessToken, *, reason: str, actor: Actor) -> None:
    """Revoke one access token and leave the rest of its family."""
    _close(AccessToken.objects.filter(pk=token.pk), reason, actor)


def _families(chosen: Q, asked: dict[str, Any]) -> set[UUID]:
    found: set[UUID | None] = set()
    found.update(Grant.objects.filter(chosen, redeemed_at=None).values_list("family", flat=True))
    found.update(AccessToken.objects.usable().filter(chosen).values_list("family", flat=True))
    refreshable = RefreshToken.objects.filter(chosen, revoked=None)
    found.update(refreshable.values_list("token_family", flat=True))
    devices = DeviceGrant.objects.filter(redeemed_at=None)
    if asked["application"] is not None:
        devices = devices.filter(client_id=asked["application"].client_id)
    for name in ("user", "tenant", "answered_by"):
        if asked[name] is not None:
            devices = devices.filter(**{name: asked[name]})
    found.update(devices.values_list("family", flat=True))
    return {family for family in found if family}


def _close(tokens: models.QuerySet[AccessToken], reason: str, actor: Actor) -> int:
    """Revoke those of ``tokens`` that are open, and tell of it."""
    now = clock.real()
    open_ones = list(
        tokens.filter(revoked_at=None, expires__gt=now)
        .select_related("application__application")
        .order_by("pk")
    )
    AccessToken.objects.filter(pk__in=[token.pk for token in open_ones]).update(revoked_at=now)
    by_owner: dict[tuple[Any, Any], list[AccessToken]] = {}
    for token in open_ones:
        by_owner.setdefault((token.application_id, token.tenant_id), []).append(token)
    for together in by_owner.values():
        _tell(together[0].application, together[0].tenant_id, together, reason, actor)
    return len(open_ones)


def _tell(
    client: Client,
    tenant: str | None,
    tokens: Iterable[AccessToken],
    reason: str,
    actor: Actor,
) -> None:
    events.emit(
        "token.revoked",
        client,
        actor=actor,
        organization=client.application.organization_id,
        application=client.application_id,
        tenant=tenant or "",
        client_id=client.client_id,
        digests=[token.token_checksum for token in tokens],
        reason=reason,
    )
