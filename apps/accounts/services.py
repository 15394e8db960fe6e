"""What can happen to an account."""

import hashlib
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Acceptance, Terms, User
from apps.core import clock
from apps.events import services as events


@transaction.atomic
def publish_terms(version: str, *, body: str, effective_at: datetime | None = None) -> Terms:
    """Publish a version of the terms; a version that exists already is left as it is."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    terms, _ = Terms.objects.get_or_create(
        version=version,
        defaults={"body": body, "digest": digest, "effective_at": effective_at or clock.real()},
    )
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
