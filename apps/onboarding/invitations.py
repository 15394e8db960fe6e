"""Invitations: a mail with a link, good once and for a week, for the address it was sent to.

The link's token is in the mail and nowhere else; the row keeps its digest.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.models import User
from apps.core import clock, throttle
from apps.events import services as events
from apps.notifications import services as notifications
from apps.orgs.actors import Actor, person
from apps.orgs.errors import (
    AlreadyMember,
    InvitationGone,
    InvitationOfAnother,
    RoleMissing,
    TooManyInvitations,
)
from apps.orgs.models import Invitation, Membership, Organization, Role
from apps.orgs.services import require

LIFE: Final = timedelta(days=7)
PENDING: Final = 20  # invitations of one organization that nobody has answered
PAUSE: Final = timedelta(minutes=1)  # before the same address hears of it again
HOURLY: Final = 30  # mails of one organization


@transaction.atomic
def invite(organization: Organization, *, email: str, role: str, actor: Actor) -> Invitation:
    """Invite whoever reads the mail of ``email``; a pending invitation is renewed."""
    address = email.strip().lower()
    validate_email(address)
    locked = _hold(organization.pk)
    _vouch(actor, locked, role)
    if Membership.objects.filter(organization=locked, user__email__iexact=address).exists():
        raise AlreadyMember(f"{address} is a member already.", param="email")
    pending = Invitation.objects.pending().filter(organization=locked)
    known = pending.filter(email=address).first()
    if known is not None:
        return _renew(known, role, actor)
    if pending.open().count() >= PENDING:
        detail = f"{PENDING} invitations are open. Revoke one, or wait for an answer."
        raise TooManyInvitations(detail)
    token, fresh = _token(), Invitation(organization=locked, email=address, role=role)
    _issue(fresh, token, actor)
    _send(fresh, token, actor)
    return fresh


@transaction.atomic
def resend(invitation: Invitation, *, actor: Actor) -> None:
    """Send another link for another week; the one before no longer works."""
    current = _lock(invitation)
    _vouch(actor, current.organization, current.role)
    _renew(current, current.role, actor)


@transaction.atomic
def revoke(invitation: Invitation, *, actor: Actor) -> None:
    """Take an invitation back. Twice is harmless, and recorded once."""
    require(actor, _hold(invitation.organization_id), "member.invite")
    pending = Invitation.objects.pending().filter(pk=invitation.pk)
    if pending.update(revoked_at=clock.real()):
        _record("member.invitation_revoked", invitation, actor)


def find(token: str) -> Invitation:
    """Return the invitation with this token, whatever became of it."""
    known = Invitation.objects.select_related("organization", "invited_by")
    found = known.filter(digest=_digest(token)).first()
    if found is None:
        raise InvitationGone("No invitation has this link. A newer mail may have the one to use.")
    return found


def check(invitation: Invitation, user: User) -> None:
    """Refuse whoever may not accept, and say why."""
    if invitation.state != "open":
        raise InvitationGone(_WHY[invitation.state])
    if invitation.invited_by and not invitation.invited_by.is_active:
        raise InvitationGone("Who sent it has no account here any more. Ask somebody else there.")
    if user.email.lower() != invitation.email:
        raise InvitationOfAnother(f"It is for {invitation.email}; you are {user.email}.")


@transaction.atomic
def accept(invitation: Invitation, *, actor: User) -> Membership:
    """Make ``actor`` a member, once."""
    current = _lock(invitation)
    check(current, actor)
    membership, new = Membership.objects.get_or_create(
        organization=current.organization, user=actor, defaults={"role": current.role}
    )
    current.accepted_at, current.accepted_by = clock.real(), actor
    current.save(update_fields=["accepted_at", "accepted_by"])
    if new:
        _record("member.joined", current, actor)
    return membership


_WHY: Final = {
    "accepted": "This invitation was accepted. Each is good once.",
    "revoked": "This invitation was taken back. Ask whoever sent it for another.",
    "expired": "This invitation has expired; it was good for a week. Ask for another.",
}


def _hold(organization: str) -> Organization:
    """Hold the organization, before anything else: roles do not change meanwhile."""
    return Organization.objects.select_for_update().get(pk=organization)


def _lock(invitation: Invitation) -> Invitation:
    _hold(invitation.organization_id)
    rows = Invitation.objects.select_for_update(of=("self",))
    return rows.select_related("organization", "invited_by").get(pk=invitation.pk)


def _vouch(actor: Actor, organization: Organization, role: str) -> None:
    own = require(actor, organization, "member.invite")
    if role == Role.OWNER and own.role != Role.OWNER:
        raise RoleMissing(f"You are {own.role} here; this takes owner.")


def _renew(known: Invitation, role: str, actor: Actor) -> Invitation:
    if known.state in {"accepted", "revoked"}:
        raise InvitationGone(_WHY[known.state])
    if clock.real() - known.sent_at < PAUSE:
        raise TooManyInvitations(f"A mail to {known.email} is on its way. Wait a minute.")
    token = _token()
    known.role = role
    _issue(known, token, actor)
    _send(known, token, actor)
    return known


def _issue(invitation: Invitation, token: str, actor: Actor) -> None:
    if not throttle.admits("invite", invitation.organization_id, at_most=HOURLY, window=3600):
        raise TooManyInvitations(f"{HOURLY} invitations went out in an hour. Try again later.")
    invitation.invited_by = person(actor)  # it ends with the right of whoever sent it last
    invitation.digest = _digest(token)
    invitation.sent_at = clock.real()
    invitation.expires_at = invitation.sent_at + LIFE
    invitation.save()


def _send(invitation: Invitation, token: str, actor: Actor) -> None:
    _record("member.invited", invitation, actor)
    who = person(actor)
    inviter = (who.name or who.email) if who else invitation.organization.name
    notifications.notify(
        [invitation.email],
        subject=f"{inviter} invites you to {invitation.organization} at {settings.BRAND['name']}",
        template="invitation",
        context={
            "invitation": invitation,
            "inviter": inviter,
            "path": f"/invitations/{token}",
            "days": LIFE.days,
        },
    )


def _record(kind: str, invitation: Invitation, actor: Actor) -> None:
    events.emit(
        kind,
        invitation,
        actor=actor,
        organization=invitation.organization_id,
        email=invitation.email,
        role=invitation.role,
    )


def _token() -> str:
    return secrets.token_urlsafe(32)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
