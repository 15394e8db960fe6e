"""Telling every gateway that a key's standing changed: it follows the event log, promptly."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from apps.applications.models import Application
from apps.core.invalidation import announce
from apps.events.models import Event
from apps.keys.models import Key, KeyQuerySet

# What changes how a gateway treats one key; only the last of them is for good.
STANDING = {"key.issued", "key.changed", "key.rotated", "key.overlap_changed", "key.revoked"}


def follow(batch: Sequence[Event]) -> None:
    """Follow the event log and announce what changes the standing of keys."""
    for event in batch:
        if event.type in STANDING:
            # A caller may have tried a digest before it existed: forget that it was unknown.
            dead = "key_revoked" if event.type == "key.revoked" else None
            for digest in Key.objects.filter(pk=event.subject).values_list("digest", flat=True):
                announce([bytes(digest)], f"key:{bytes(digest).hex()}", dead=dead)
        elif event.type.startswith(("application.", "plan.")) and event.application:
            forget_application(event.application)
        elif event.type in {"organization.suspended", "organization.reinstated"}:
            forget_organization(event.organization)
        elif event.type == "catalog.purged":
            names = (event.data["api"], event.data["tag"])
            announce([], ":".join(("purge", *filter(None, names))))
        elif event.type.startswith("catalog.") or event.type == "organization.kind_changed":
            announce([], "catalog:")  # Internal organizations know of every API.


def forget_application(application: str) -> None:
    """Let gateways read the application's standing afresh."""
    announce(_digests(Key.objects.filter(application=application)), f"app:{application}")


def bury_with(sender: object, instance: Application, **_: object) -> None:
    """Let the keys of an application that is being deleted open nothing.

    Their rows go with it, so the log could not be asked later.
    """
    digests = _digests(Key.objects.filter(application=instance))
    messages = [f"app:{instance.pk}", *(f"key:{digest.hex()}" for digest in digests)]
    buried = partial(announce, digests, *messages, dead="key_revoked")
    transaction.on_commit(buried, robust=True)


def forget_organization(organization: str) -> None:
    """Let gateways read the organization's standing afresh."""
    keys = Key.objects.filter(application__organization=organization)
    announce(_digests(keys), f"org:{organization}")


def _digests(keys: KeyQuerySet) -> list[bytes]:
    usable = keys.filter(revoked_at=None).values_list("digest", flat=True)
    return [bytes(digest) for digest in usable]
