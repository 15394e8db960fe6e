"""Telling every gateway at once that a credential's standing changed.

It follows the event log, promptly: right after the commit the shared cache entry becomes a
tombstone (or is dropped) and a message goes out on ``trl:invalidate``. Should that be lost, the
relay of the log says it again within a second or two, and a gateway trusts its own copy for five
seconds only.
"""

import json
from collections.abc import Sequence

from apps.core import valkey
from apps.events.models import Event
from apps.keys.models import Key, KeyQuerySet

CHANNEL = "trl:invalidate"
TOMBSTONE_LIFE = 30 * 24 * 3600  # seconds; afterwards PostgreSQL says the same


def cache_name(digest: bytes) -> str:
    """Return the name of a credential's entry in the shared cache."""
    return f"trl:cred:{digest.hex()}"


def announce(batch: Sequence[Event]) -> None:
    """Follow the event log and announce what changes the standing of credentials."""
    for event in batch:
        if event.type in {"key.issued", "key.revoked"}:
            # A caller may have tried a digest before it existed: forget that it was unknown.
            dead = "key_revoked" if event.type == "key.revoked" else None
            for digest in Key.objects.filter(pk=event.subject).values_list("digest", flat=True):
                _say([(bytes(digest), dead)], [f"key:{bytes(digest).hex()}"])
        elif event.type.startswith(("application.", "plan.")) and event.application:
            forget_application(event.application)
        elif event.type in {"organization.suspended", "organization.reinstated"}:
            forget_organization(event.organization)
        elif event.type == "catalog.published":
            _say([], ["catalog:"])


def forget_application(application: str) -> None:
    """Let gateways read the application's standing afresh."""
    _say(_digests(Key.objects.filter(application=application)), [f"app:{application}"])


def forget_organization(organization: str) -> None:
    """Let gateways read the organization's standing afresh."""
    keys = Key.objects.filter(application__organization=organization)
    _say(_digests(keys), [f"org:{organization}"])


def _digests(keys: KeyQuerySet) -> list[tuple[bytes, str | None]]:
    usable = keys.filter(revoked_at=None).values_list("digest", flat=True)
    return [(bytes(digest), None) for digest in usable]


def _say(entries: Sequence[tuple[bytes, str | None]], messages: Sequence[str]) -> None:
    pipe = valkey.client().pipeline(transaction=False)
    for digest, dead in entries:
        if dead:
            pipe.set(cache_name(digest), json.dumps({"dead": dead}), ex=TOMBSTONE_LIFE)
        else:
            pipe.delete(cache_name(digest))
    for message in messages:
        pipe.publish(CHANNEL, message)
    pipe.execute()
