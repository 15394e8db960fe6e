"""What can happen to an account."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from apps.accounts.models import Acceptance, Terms, User
from apps.core import clock
from apps.events import services as events


@transaction.atomic
def publish_terms(
    version: str,
    *,
    body: str,
    effective_at: datetime | None = None,
    actor: User | None = None,
) -> Terms:
    """Publish a version of the terms; a version that exists already is left as it is."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    terms, new = Terms.objects.get_or_create(
        version=version,
        defaults={"body": body, "digest": digest, "effective_at": effective_at or clock.real()},
    )
    if new:
        events.emit("terms.published", terms, actor=actor, version=version)
    return terms


@transaction.atomic
def accept_terms(user: User, *, terms: Terms, ip: str | None) -> Acceptance:
    """Record that ``user`` accepted ``terms``. Accepting twice is harmless, and recorded once."""
    acceptance, new = Acceptance.objects.get_or_create(
        user=user, terms=terms, defaults={"digest": terms.digest, "ip": ip}
    )
    if new:
        events.emit("terms.accepted", terms, actor=user, version=terms.version)
    return acceptance


@transaction.atomic
def rename(user: User, *, name: str) -> None:
    """Change what a person is called."""
    User.objects.filter(pk=user.pk).update(name=name)
    user.name = name


@transaction.atomic
def change_access(
    user: User, *, is_active: bool, is_staff: bool, is_superuser: bool, actor: User
) -> None:
    """Decide whether someone may sign in, and whether they are the operator's staff."""
    wanted = {"is_active": is_active, "is_staff": is_staff, "is_superuser": is_superuser}
    locked = User.objects.select_for_update().get(pk=user.pk)
    changed = {name: value for name, value in wanted.items() if getattr(locked, name) != value}
    if changed:
        User.objects.filter(pk=user.pk).update(**changed)
        events.emit("account.access_changed", user, actor=actor, changed=changed)
    if changed.get("is_active") is False:
        events.emit("user.deactivated", user, actor=actor)
    user.refresh_from_db()


@transaction.atomic
def assign_groups(user: User, *, groups: Iterable[Group], actor: User) -> None:
    """Give staff the rights of exactly these groups."""
    before = set(user.groups.values_list("name", flat=True))
    user.groups.set(groups)
    after = set(user.groups.values_list("name", flat=True))
    if before != after:
        events.emit("account.groups_changed", user, actor=actor, groups=sorted(after))
