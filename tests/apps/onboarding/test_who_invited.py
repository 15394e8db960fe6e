"""An invitation is as good as the right of whoever sent it: it ends with that right."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal

import pytest
from django.db import connection, transaction
from time_machine import TimeMachineFixture

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock
from apps.events.models import Event
from apps.notifications.models import Message
from apps.onboarding import invitations
from apps.orgs import members
from apps.orgs.errors import InvitationGone, RoleMissing
from apps.orgs.models import Invitation, Membership, Organization, Role
from tests.support import make

ADDRESS = "bob@example.org"


@pytest.fixture
def organization(developer: User) -> Organization:
    return developer.memberships.get().organization


@pytest.fixture
def admin(organization: Organization) -> Membership:
    return Membership.objects.create(organization=organization, user=make.user(), role=Role.ADMIN)


@pytest.fixture
def bob(db: None) -> User:
    return make.user(email=ADDRESS)


def invited(by: User, organization: Organization, role: str = Role.ADMIN) -> Invitation:
    return invitations.invite(organization, email=ADDRESS, role=role, actor=by)


def revocations() -> int:
    return Event.objects.filter(type="member.invitation_revoked").count()


def assert_gone(invitation: Invitation, bob: User) -> None:
    invitation.refresh_from_db()
    assert invitation.state == "revoked"
    with pytest.raises(InvitationGone):
        invitations.accept(invitation, actor=bob)
    assert not Membership.objects.filter(user=bob).exists()
    assert revocations() == 1


def test_with_a_removed_admin_go_the_invitations_they_sent(
    organization: Organization, admin: Membership, developer: User, bob: User
) -> None:
    theirs = invited(admin.user, organization)
    members.remove(admin, actor=developer)
    assert_gone(theirs, bob)
    told = Event.objects.get(type="member.invitation_revoked")
    assert (told.actor, told.data["email"]) == (developer.pk, ADDRESS)


def test_with_an_admin_who_leaves_go_the_invitations_they_sent(
    organization: Organization, admin: Membership, bob: User
) -> None:
    theirs = invited(admin.user, organization)
    members.leave(admin, actor=admin.user)
    assert_gone(theirs, bob)


def test_who_may_no_longer_invite_has_invited_nobody(
    organization: Organization, admin: Membership, developer: User, bob: User
) -> None:
    theirs = invited(admin.user, organization, Role.AUDITOR)
    members.change_role(admin, role=Role.DEVELOPER, actor=developer)
    assert_gone(theirs, bob)


def test_an_owner_who_becomes_an_admin_has_invited_no_owner(
    organization: Organization, admin: Membership, developer: User, bob: User
) -> None:
    theirs = invited(developer, organization, Role.OWNER)
    members.transfer(admin, actor=developer)
    assert_gone(theirs, bob)


def test_an_owner_who_becomes_an_admin_still_invites(
    organization: Organization, admin: Membership, developer: User, bob: User
) -> None:
    theirs = invited(developer, organization)
    members.transfer(admin, actor=developer)
    assert invitations.accept(theirs, actor=bob).role == Role.ADMIN
    assert revocations() == 0


def test_invitations_of_others_and_elsewhere_stand(
    organization: Organization, admin: Membership, developer: User, bob: User
) -> None:
    elsewhere = make.organization(admin.user)
    there = invited(admin.user, elsewhere)
    here = invited(developer, organization)
    members.remove(admin, actor=developer)
    assert invitations.accept(there, actor=bob).organization == elsewhere
    assert invitations.accept(here, actor=bob).organization == organization
    assert revocations() == 0


def test_what_was_accepted_stays(
    organization: Organization, admin: Membership, developer: User, bob: User
) -> None:
    place = invitations.accept(invited(admin.user, organization), actor=bob)
    members.remove(admin, actor=developer)
    assert Membership.objects.filter(pk=place.pk).exists()
    assert revocations() == 0


def test_a_closed_account_lets_nobody_in(
    organization: Organization, admin: Membership, bob: User
) -> None:
    theirs = invited(admin.user, organization)
    accounts.change_access(
        admin.user, is_active=False, is_staff=False, is_superuser=False, actor=make.operator()
    )
    with pytest.raises(InvitationGone, match="Ask somebody else there"):
        invitations.accept(invitations.find(_token()), actor=bob)
    assert not Membership.objects.filter(user=bob).exists()
    assert theirs.state == "open", "whoever reopens the account has it back"


def test_who_sends_it_again_vouches_for_it(
    organization: Organization,
    admin: Membership,
    developer: User,
    bob: User,
    time_machine: TimeMachineFixture,
) -> None:
    theirs = invited(admin.user, organization)
    time_machine.move_to(clock.real() + timedelta(minutes=2))
    invitations.resend(theirs, actor=developer)
    members.remove(admin, actor=developer)
    assert invitations.accept(theirs, actor=bob).role == Role.ADMIN


def test_an_admin_sends_no_owners_invitation_again(
    organization: Organization,
    admin: Membership,
    developer: User,
    time_machine: TimeMachineFixture,
) -> None:
    theirs = invited(developer, organization, Role.OWNER)
    time_machine.move_to(clock.real() + timedelta(minutes=2))
    with pytest.raises(RoleMissing):
        invitations.resend(theirs, actor=admin.user)
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_removed_while_inviting_has_invited_nobody() -> None:
    owner = make.developer()
    organization = owner.memberships.get().organization
    admin = Membership.objects.create(organization=organization, user=make.user(), role=Role.ADMIN)
    begun = Signal()

    def invites() -> str:
        begun.set()
        try:
            invited(admin.user, organization)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            return type(error).__name__
        finally:
            connection.close()
        return "invited"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            members.remove(admin, actor=owner)
            answer = pool.submit(invites)
            assert begun.wait(5)
            with pytest.raises(TimeoutError):
                answer.result(0.5)
        assert answer.result(5) == "Missing"
    assert not Invitation.objects.open().exists()


def _token() -> str:
    [token] = re.findall(r"/invitations/(\S+)", Message.objects.latest("queued_at", "pk").text)
    return str(token)
