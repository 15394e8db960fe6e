"""Telling every gateway that a token's standing changed: it follows the event log, promptly."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.core.invalidation import announce
from apps.events.models import Event
from apps.oauth import consents, families, scopes, standing
from apps.oauth.models import AccessToken, Client, Consent
from apps.tenants.models import Membership, Tenant

DEAD = "token_revoked"
CHUNK = 500


def follow(batch: Sequence[Event]) -> None:
    """Follow the event log and announce what changes the standing of tokens."""
    for event in batch:
        if event.type == "token.revoked":
            bury(event.data.get("digests", ()))
        elif event.type == "user.deactivated":
            end_everything_of(event.subject)
        elif event.type in {"member.removed", "member.role_changed"}:
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
        families.end_all(answered_by=user, reason="user_deactivated", actor=None)


def end_what_left(user_id: str, *, organization: str) -> None:
    """Take back what somebody allowed in tenants of an organization and may not allow any more.

    They left it, or have another role in it now.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    still = Tenant.objects.grantable_by(user).values("pk")
    for tenant in Tenant.objects.filter(organization=organization).exclude(pk__in=still):
        here = Tenant.objects.open_to(user).filter(pk=tenant.pk).exists()
        end_in(tenant, user, belongs=here)
    for tenant in Tenant.objects.filter(organization=organization, kind=Tenant.Kind.SANDBOX):
        if not standing.may_answer(user, tenant):
            families.end_all(answered_by=user, tenant=tenant, reason="role_lost", actor=None)


def end_in(tenant: Tenant, user: User, *, belongs: bool) -> None:
    """End what ``user`` allowed in ``tenant``. Who still belongs there goes on saying who they are.

    A consent to that alone stands, so the application gets new tokens without a page.
    """
    agreed = Consent.objects.standing().filter(user=user, tenant=tenant)
    for consent in agreed.select_related("user", "tenant", "client__application"):
        if not (belongs and scopes.only_tell_who(consent.scopes)):
            consents.revoke(consent, actor=None)
    families.end_all(user=user, tenant=tenant, reason="role_lost", actor=None)


@transaction.atomic
def end_with_place(sender: object, instance: Membership, **_: object) -> None:
    """End what an end user allowed in a tenant when their place there goes, however it goes."""
    user, tenant = instance.user, instance.tenant
    if not Tenant.objects.grantable_by_role(user).filter(pk=tenant.pk).exists():
        member = tenant.organization.memberships.filter(user=user).exists()
        end_in(tenant, user, belongs=member)
