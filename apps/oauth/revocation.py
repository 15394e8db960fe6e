"""Telling every gateway that a token's standing changed: it follows the event log, promptly."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.core.invalidation import announce
from apps.events.models import Event
from apps.oauth import consents, families
from apps.oauth.models import AccessToken, Client, Consent
from apps.tenants.models import Tenant

DEAD = "token_revoked"
CHUNK = 500


def follow(batch: Sequence[Event]) -> None:
    """Follow the event log and announce what changes the standing of tokens."""
    for event in batch:
        if event.type == "token.revoked":
            bury(event.data.get("digests", ()))
        elif event.type == "user.deactivated":
            end_everything_of(event.subject)
        elif event.type == "member.removed":
            end_what_left(event.subject, organization=event.organization)
        elif event.type.startswith("client.") and event.type != "client.secret_created":
            forget(Q(application__client_id=event.data.get("client_id", "")))
        elif event.type.startswith("application.") and event.application:
            forget(Q(application__application=event.application), f"app:{event.application}")
        elif event.type in {"organization.suspended", "organization.reinstated"}:
            own = Q(application__application__organization=event.organization)
            acting_there = Q(tenant__organization=event.organization)
            forget(own | acting_there, f"org:{event.organization}")


def bury(digests: Iterable[str]) -> None:
    """Let no gateway accept the tokens with these digests again."""
    known = [bytes.fromhex(digest) for digest in digests]
    for start in range(0, len(known), CHUNK):
        part = known[start : start + CHUNK]
        announce(part, *(f"key:{digest.hex()}" for digest in part), dead=DEAD)


def forget(which: Q, *messages: str) -> None:
    """Let gateways read the standing of tokens afresh."""
    usable = AccessToken.objects.usable().filter(which)
    checksums = usable.values_list("token_checksum", flat=True)
    digests = [bytes.fromhex(checksum) for checksum in checksums]
    announce(digests, *messages, *(f"key:{digest.hex()}" for digest in digests))


def bury_with(sender: object, instance: Client, **_: object) -> None:
    """Let the tokens of a client that is being deleted, with whatever it belongs to, open nothing.

    Their rows go with it, so the log could not be asked later.
    """
    usable = AccessToken.objects.usable().filter(application=instance)
    checksums = list(usable.values_list("token_checksum", flat=True))
    transaction.on_commit(partial(bury, checksums), robust=True)


def end_everything_of(user_id: str) -> None:
    """End what a person who may no longer sign in has authorized."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        families.end_all(user=user, reason="user_deactivated", actor=None)


def end_what_left(user_id: str, *, organization: str) -> None:
    """Take back what a former member agreed to in tenants that are not theirs to grant any more."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    still = Tenant.objects.grantable_by(user).values("pk")
    for tenant in Tenant.objects.filter(organization=organization).exclude(pk__in=still):
        agreed = Consent.objects.standing().filter(user=user, tenant=tenant)
        for consent in agreed.select_related("user", "tenant", "client__application"):
            consents.revoke(consent, actor=None)
        families.end_all(user=user, tenant=tenant, reason="member_removed", actor=None)
