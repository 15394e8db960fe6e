"""What can happen to members: another role, another owner, the end.

Each of these holds the organization's row, so that two owners who leave at once do not leave it
without any.
"""

from django.db import transaction

from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import Missing
from apps.events import services as events
from apps.orgs.actors import Actor
from apps.orgs.errors import LastOwner, RoleMissing
from apps.orgs.models import Invitation, Membership, Organization, Role
from apps.orgs.permissions import may
from apps.orgs.services import require

NEEDED = "An organization keeps at least one owner. Make somebody else an owner first."


@transaction.atomic
def change_role(membership: Membership, *, role: str, actor: Actor) -> None:
    """Give a member another role. Owners are made, and changed, by owners only."""
    current = _lock(membership)
    own = require(actor, current.organization, "member.change_role")
    _only_owners_touch_owners(own, current.role, role)
    if current.role == role:
        return
    if current.role == Role.OWNER:
        _keep_an_owner(current)
    before = current.role
    _set_role(current, role, actor)
    _record("member.role_changed", current, actor, role=role, before=before)
    membership.role = role


@transaction.atomic
def remove(membership: Membership, *, actor: Actor) -> None:
    """End somebody's membership. What they made, such as keys, belongs to the organization."""
    current = _lock(membership)
    own = require(actor, current.organization, "member.remove")
    _only_owners_touch_owners(own, current.role)
    _end(current, actor)


@transaction.atomic
def leave(membership: Membership, *, actor: User) -> None:
    """End one's own membership."""
    current = _lock(membership)
    if current.user_id != actor.pk:
        raise Missing("This is not your own membership.")
    _end(current, actor)


@transaction.atomic
def transfer(membership: Membership, *, actor: User) -> None:
    """Make this member the owner in the place of ``actor``, who becomes an admin."""
    current = _lock(membership)
    own = require(actor, current.organization, "ownership.transfer")
    if own.pk == current.pk:
        return
    _set_role(current, Role.OWNER, actor)
    _set_role(own, Role.ADMIN, actor)
    _record("ownership.transferred", current, actor, before=actor.pk)
    membership.role = Role.OWNER


def _lock(membership: Membership) -> Membership:
    """Hold the organization; return the membership as it stands now."""
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    known = Membership.objects.select_related("organization", "user").filter(pk=membership.pk)
    if (current := known.first()) is None:
        raise Missing("This person is no longer a member.")
    return current


def _only_owners_touch_owners(own: Membership, *roles: str) -> None:
    if Role.OWNER in roles and own.role != Role.OWNER:
        raise RoleMissing(f"You are {own.role} here; this takes owner.")


def _keep_an_owner(leaving: Membership) -> None:
    owners = Membership.objects.filter(organization=leaving.organization_id, role=Role.OWNER)
    if not owners.exclude(pk=leaving.pk).exists():
        raise LastOwner(NEEDED)


def _set_role(membership: Membership, role: str, actor: Actor) -> None:
    Membership.objects.filter(pk=membership.pk).update(role=role)
    membership.role = role
    _withdraw_invitations(membership, actor, role=role)


def _withdraw_invitations(membership: Membership, actor: Actor, *, role: str | None) -> None:
    """Take back what the member sent out and, with ``role`` from now on, may not offer."""
    sent = Invitation.objects.pending().filter(
        organization=membership.organization_id, invited_by=membership.user_id
    )
    if may(role, "member.invite"):
        sent = sent.filter(role=Role.OWNER) if role != Role.OWNER else sent.none()
    for invitation in sent.select_for_update():
        Invitation.objects.filter(pk=invitation.pk).update(revoked_at=clock.real())
        events.emit(
            "member.invitation_revoked",
            invitation,
            actor=actor,
            organization=membership.organization_id,
            email=invitation.email,
            role=invitation.role,
        )


def _end(current: Membership, actor: Actor) -> None:
    if current.role == Role.OWNER:
        _keep_an_owner(current)
    _record("member.removed", current, actor, role=current.role)
    _withdraw_invitations(current, actor, role=None)
    Membership.objects.filter(pk=current.pk).delete()


def _record(kind: str, membership: Membership, actor: Actor, **data: str) -> None:
    events.emit(
        kind,
        membership.user,
        actor=actor,
        organization=membership.organization_id,
        **data,
    )
