"""What can happen to an organization. Its members have services of their own."""

from django.db import transaction

from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import Missing
from apps.events import services as events
from apps.orgs import permissions
from apps.orgs.actors import Actor, Credential
from apps.orgs.errors import RoleMissing
from apps.orgs.models import Membership, Organization, Role


def require(actor: Actor, organization: Organization | str, action: str) -> Membership:
    """Return the place of ``actor``, who may do ``action`` there.

    Who is no member hears that there is no such organization; a member without the role, who may.
    A credential has a place in its own organization, which no row keeps.
    """
    name = organization if isinstance(organization, str) else organization.pk
    membership = _place(actor, name)
    if membership is None:
        raise Missing("There is no such organization.")
    if not permissions.may(membership.role, action):
        roles = permissions.those_who_may(action)
        raise RoleMissing(f"You are {membership.role} here; this takes {roles}.", action=action)
    return membership


def _place(actor: Actor, organization: str) -> Membership | None:
    if not isinstance(actor, Credential):
        return Membership.objects.filter(organization=organization, user=actor).first()
    if actor.organization != organization:
        return None
    return Membership(organization_id=organization, role=actor.role)


@transaction.atomic
def create(name: str, *, actor: User) -> Organization:
    """Found an organization whose owner is ``actor``."""
    organization = Organization.objects.create(name=name)
    Membership.objects.create(organization=organization, user=actor, role=Role.OWNER)
    events.emit("organization.created", organization, actor=actor, organization=organization.pk)
    return organization


@transaction.atomic
def rename(organization: Organization, *, name: str, actor: Actor) -> None:
    """Give the organization another name."""
    require(actor, organization, "organization.rename")
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


@transaction.atomic
def set_internal(organization: Organization, *, internal: bool, reason: str, actor: User) -> None:
    """Count the organization among the operator's own, which know of every API, or no longer."""
    others = Organization.objects.filter(pk=organization.pk, is_internal=not internal)
    if others.update(is_internal=internal):
        _record("organization.kind_changed", organization, reason=reason, actor=actor)
    organization.refresh_from_db()


def _record(kind: str, organization: Organization, *, reason: str, actor: User) -> None:
    events.emit(kind, organization, actor=actor, organization=organization.pk, reason=reason)
