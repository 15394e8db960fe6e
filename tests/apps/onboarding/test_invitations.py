"""An invitation is good once, for a week, for the address it was sent to, while it stands."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from time_machine import TimeMachineFixture

from apps.accounts.models import User
from apps.core import clock
from apps.events.models import Event
from apps.notifications.models import Message
from apps.onboarding import invitations
from apps.orgs.errors import (
    AlreadyMember,
    InvitationGone,
    InvitationOfAnother,
    RoleMissing,
    TooManyInvitations,
)
from apps.orgs.models import Invitation, Membership, Organization, Role
from tests.support import make

ADDRESS = "bob@example.org"


@pytest.fixture
def organization(developer: User) -> Organization:
    return developer.memberships.get().organization


@pytest.fixture
def bob(db: None) -> User:
    return make.user(email=ADDRESS)


def invite(organization: Organization, actor: User, role: str = Role.AUDITOR) -> str:
    """Invite Bob and return the token that is in his mail."""
    invitations.invite(organization, email=ADDRESS, role=role, actor=actor)
    return newest_token()


def newest_token() -> str:
    text = Message.objects.latest("queued_at", "pk").text
    [token] = re.findall(r"/invitations/(\S+)", text)
    return str(token)


def test_the_mail_has_the_token_and_the_row_its_digest(
    organization: Organization, developer: User
) -> None:
    token = invite(organization, developer)
    row, mail = Invitation.objects.get(), Message.objects.get()
    assert mail.recipients == [ADDRESS]
    assert "Bicycle Shop" in mail.subject
    assert token.encode() not in bytes(row.digest)
    assert token not in str(Event.objects.values_list("data", flat=True))
    assert invitations.find(token) == row
    assert row.expires_at - row.sent_at == timedelta(days=7)


def test_accepting_makes_a_member_with_the_role_that_was_offered(
    organization: Organization, developer: User, bob: User
) -> None:
    found = invitations.find(invite(organization, developer))
    membership = invitations.accept(found, actor=bob)
    assert (membership.organization, membership.role) == (organization, Role.AUDITOR)
    assert list(
        Event.objects.filter(type__startswith="member.").values_list("type", flat=True)
    ) == ["member.invited", "member.joined"]


def test_it_is_good_once(organization: Organization, developer: User, bob: User) -> None:
    token = invite(organization, developer)
    invitations.accept(invitations.find(token), actor=bob).delete()
    with pytest.raises(InvitationGone, match="was accepted"):
        invitations.accept(invitations.find(token), actor=bob)
    assert not Membership.objects.filter(user=bob).exists()


def test_it_ends_after_a_week(
    organization: Organization, developer: User, bob: User, time_machine: TimeMachineFixture
) -> None:
    token = invite(organization, developer)
    time_machine.move_to(clock.real() + timedelta(days=7, seconds=1))
    with pytest.raises(InvitationGone, match="expired"):
        invitations.accept(invitations.find(token), actor=bob)
    assert not Membership.objects.filter(user=bob).exists()


def test_a_revoked_one_is_gone(organization: Organization, developer: User, bob: User) -> None:
    token = invite(organization, developer)
    invitations.revoke(Invitation.objects.get(), actor=developer)
    invitations.revoke(Invitation.objects.get(), actor=developer)
    with pytest.raises(InvitationGone, match="taken back"):
        invitations.accept(invitations.find(token), actor=bob)
    assert Event.objects.filter(type="member.invitation_revoked").count() == 1


def test_it_is_for_nobody_else(organization: Organization, developer: User, stranger: User) -> None:
    token = invite(organization, developer)
    with pytest.raises(InvitationOfAnother, match=ADDRESS):
        invitations.accept(invitations.find(token), actor=stranger)
    assert invitations.find(token).state == "open"
    assert not organization.memberships.filter(user=stranger).exists()


@pytest.mark.parametrize("token", ["", "x", "\0", "ü" * 500, "\ud800"])
def test_a_guess_finds_nothing(db: None, token: str) -> None:
    with pytest.raises(InvitationGone):
        invitations.find(token)


def test_sending_again_replaces_the_link(
    organization: Organization, developer: User, bob: User, time_machine: TimeMachineFixture
) -> None:
    old = invite(organization, developer)
    time_machine.move_to(clock.real() + timedelta(days=8))
    invitations.resend(Invitation.objects.get(), actor=developer)
    with pytest.raises(InvitationGone, match="No invitation has this link"):
        invitations.find(old)
    invitations.accept(invitations.find(newest_token()), actor=bob)
    assert organization.memberships.filter(user=bob).exists()


@pytest.mark.parametrize("became", ["accepted", "revoked"])
def test_what_was_answered_or_taken_back_is_not_sent_again(
    organization: Organization,
    developer: User,
    bob: User,
    time_machine: TimeMachineFixture,
    became: str,
) -> None:
    found = invitations.find(invite(organization, developer))
    if became == "accepted":
        invitations.accept(found, actor=bob).delete()
    else:
        invitations.revoke(found, actor=developer)
    time_machine.move_to(clock.real() + timedelta(minutes=2))
    with pytest.raises(InvitationGone):
        invitations.resend(found, actor=developer)
    assert Message.objects.count() == 1
    assert bytes(Invitation.objects.get().digest) == bytes(found.digest)
    assert Invitation.objects.get().state == became


def test_inviting_the_same_address_again_renews_its_invitation(
    organization: Organization, developer: User, time_machine: TimeMachineFixture
) -> None:
    invite(organization, developer)
    time_machine.move_to(clock.real() + timedelta(minutes=2))
    invitations.invite(
        organization, email=f" {ADDRESS.upper()} ", role=Role.DEVELOPER, actor=developer
    )
    assert Invitation.objects.get().role == Role.DEVELOPER


def test_an_address_is_not_reminded_twice_in_a_minute(
    organization: Organization, developer: User
) -> None:
    invite(organization, developer)
    with pytest.raises(TooManyInvitations):
        invitations.resend(Invitation.objects.get(), actor=developer)
    assert Message.objects.count() == 1


def test_a_member_is_not_invited(organization: Organization, developer: User) -> None:
    with pytest.raises(AlreadyMember):
        invitations.invite(organization, email=developer.email, role=Role.ADMIN, actor=developer)
    assert not Message.objects.exists()


def test_nonsense_is_no_address(organization: Organization, developer: User) -> None:
    with pytest.raises(ValidationError):
        invitations.invite(organization, email="bob@", role=Role.ADMIN, actor=developer)


def test_only_so_many_may_be_open(
    organization: Organization, developer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "PENDING", 2)
    for name in ("a", "b"):
        invitations.invite(
            organization, email=f"{name}@example.org", role=Role.ADMIN, actor=developer
        )
    with pytest.raises(TooManyInvitations, match="2 invitations are open"):
        invite(organization, developer)
    assert Message.objects.count() == 2


def test_an_hour_has_only_so_many_mails(
    organization: Organization, developer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "HOURLY", 1)
    first = invitations.invite(
        organization, email="a@example.org", role=Role.ADMIN, actor=developer
    )
    invitations.revoke(first, actor=developer)
    with pytest.raises(TooManyInvitations, match="in an hour"):
        invite(organization, developer)
    assert Message.objects.count() == 1


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.BILLING, Role.AUDITOR])
def test_who_may_not_invites_nobody(
    organization: Organization, developer: User, bob: User, role: Role
) -> None:
    Membership.objects.create(organization=organization, user=bob, role=role)
    with pytest.raises(RoleMissing):
        invitations.invite(organization, email="eve@example.org", role=Role.AUDITOR, actor=bob)
    open_one = invitations.invite(
        organization, email="eve@example.org", role=Role.AUDITOR, actor=developer
    )
    with pytest.raises(RoleMissing):
        invitations.revoke(open_one, actor=bob)
    with pytest.raises(RoleMissing):
        invitations.resend(open_one, actor=bob)
    assert Message.objects.count() == 1


def test_an_admin_invites_no_owner(organization: Organization, developer: User, bob: User) -> None:
    Membership.objects.create(organization=organization, user=bob, role=Role.ADMIN)
    with pytest.raises(RoleMissing):
        invitations.invite(organization, email="eve@example.org", role=Role.OWNER, actor=bob)
    assert not Message.objects.exists()
