"""What can happen to an organization."""

from django.db import transaction

from apps.accounts.models import User
from apps.core import clock
from apps.events import services as events
from apps.orgs.models import Membership, Organization, Role


@transaction.atomic
def create(name: str, *, actor: User) -> Organization:
    """Found an organization whose owner is ``actor``."""
    organization = Organization.objects.create(name=name)
    Membership.objects.create(organization=organization, user=actor, role=Role.OWNER)
    events.emit("organization.created", organization, actor=actor, organization=organization.pk)
    return organization


@transaction.atomic
def rename(organization: Organization, *, name: str, actor: User) -> None:
    """Give the organization another name."""
    organization.name = name
    organization.save(update_fields=["name"])
    events.emit("organization.renamed", organization, actor=actor, organization=organization.pk)


@transaction.atomic
def suspend(organization: Organization, *, reason: str, actor: User) -> None:
    """Stop every call of the organization's applications. Twice is harmless, and recorded once."""
    standing = Organization.objects.filter(pk=organization.pk, suspended_at=None)
    if standing.update(suspended_at=clock.real(), suspension_reason=reason):
        _record("organization.suspended", organization, reason=reason, actor=actor)
    organization.refresh_from_db()


@transaction.atomic
def reinstate(organization: Organization, *, reason: str, actor: User) -> None:
    """Let the organization's applications call again."""
    stopped = Organization.objects.filter(pk=organization.pk).exclude(suspended_at=None)
    if stopped.update(suspended_at=None, suspension_reason=""):
        _record("organization.reinstated", organization, reason=reason, actor=actor)
    organization.refresh_from_db()


def _record(kind: str, organization: Organization, *, reason: str, actor: User) -> None:
    events.emit(kind, organization, actor=actor, organization=organization.pk, reason=reason)
