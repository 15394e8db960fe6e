"""API keys that leaked: how they are found and closed (``apps.core.leaks``)."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any, cast

from django.conf import settings

from apps.core import secrets
from apps.core.leaks import Leakable
from apps.keys import mails
from apps.keys import services as keys
from apps.keys.models import Key


def find(texts: Collection[str]) -> dict[str, Leakable]:
    """Return the keys whose secrets ``texts`` are."""
    digests = {
        secrets.digest(text, pepper): text for text in texts for _, pepper in settings.KEY_PEPPERS
    }
    found = Key.objects.filter(digest__in=list(digests)).select_related("application", "tenant")
    return {digests[bytes(key.digest)]: leakable(key) for key in found}


def hold(subjects: Collection[str]) -> Iterator[Leakable]:
    """Yield the keys with these ids, locked in one order."""
    mine = [subject for subject in subjects if subject.startswith("key_")]
    locked = Key.objects.select_for_update(of=("self",)).filter(pk__in=mine).order_by("pk")
    return map(leakable, locked.select_related("application", "tenant"))


def leakable(key: Key) -> Leakable:
    """Describe a key to whoever deals with leaks."""

    def record(what: str, *, actor: Any, **data: str) -> None:
        keys.record(f"key.{what}", key, actor=actor, **data)

    return Leakable(
        subject=key.pk,
        kind=cast("secrets.Kind", key.kind),
        livemode=key.tenant.livemode,
        is_open=key.is_open,
        title=key.name,
        about=f"“{key.name}” ({key.start}…{key.hint}), a key of {key.application.name}",
        noun="The key",
        renewed_at="/keys/new",
        replaced_at=f"/keys/{key.pk}/rotate",
        log=f"/logs?key={key.pk}",
        recipients=partial(mails.recipients, key),
        close=lambda reason: keys.revoke(key, actor=None, reason=reason),
        record=record,
    )
