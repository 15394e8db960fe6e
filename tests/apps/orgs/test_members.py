"""Roles are given by those who may, and no organization is left without an owner."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import Missing, Problem
from apps.events.models import Event
from apps.orgs import members, permissions, services
from apps.orgs.actors import Credential
from apps.orgs.errors import LastOwner, RoleMissing
from apps.orgs.models import Membership, Organization, Role
from tests.support import make
from tests.support.roles import ACTIONS, meant


def join(organization: Organization, role: str) -> Membership:
    return Membership.objects.create(organization=organization, user=make.user(), role=role)


@pytest.fixture
def organization(developer: User) -> Organization:
    return developer.memberships.get().organization


@pytest.fixture
def owner(developer: User, organization: Organization) -> Membership:
    return Membership.objects.get(user=developer, organization=organization)


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("type", flat=True))


def test_every_action_has_its_roles_written_out() -> None:
    assert set(permissions.PERMISSIONS) == set(ACTIONS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_service_lets_act_for_whom_an_action_is_meant(
    organization: Organization, role: Role, action: str
) -> None:
    member = join(organization, role)
    if role in meant(ACTIONS[action]):
        assert services.require(member.user, organization, action) == member
    else:
        with pytest.raises(RoleMissing, match=permissions.those_who_may(action)):
            services.require(member.user, organization, action)


@pytest.mark.parametrize("action", permissions.PERMISSIONS)
def test_for_a_stranger_there_is_no_such_organization(
    organization: Organization, stranger: User, action: str
) -> None:
    with pytest.raises(Missing):
        services.require(stranger, organization, action)


def test_a_credential_has_a_place_in_its_own_organization_only(organization: Organization) -> None:
    acting = Credential("key_1", organization.pk, Role.ADMIN)
    assert services.require(acting, organization, "member.invite").role == Role.ADMIN
    with pytest.raises(RoleMissing):
        services.require(acting, organization, "ownership.transfer")
    with pytest.raises(Missing):
        services.require(acting, make.organization(), "organization.read")


def test_an_action_that_nobody_named_is_nobodys() -> None:
    with pytest.raises(KeyError):
        permissions.may("owner", "organization.explode")
    assert not permissions.may(None, "organization.read")


def test_an_owner_may_do_everything_and_an_auditor_changes_nothing() -> None:
    changing = {name for name in permissions.PERMISSIONS if not name.endswith(".read")}
    assert all(permissions.may(Role.OWNER, action) for action in permissions.PERMISSIONS)
    assert not any(permissions.may(Role.AUDITOR, action) for action in changing)
    pays = {action for action in changing if permissions.may(Role.BILLING, action)}
    assert pays == {"plan.request"}


def test_a_role_is_changed_and_recorded_once(owner: Membership) -> None:
    member = join(owner.organization, Role.DEVELOPER)
    members.change_role(member, role=Role.AUDITOR, actor=owner.user)
    members.change_role(member, role=Role.AUDITOR, actor=owner.user)
    member.refresh_from_db()
    assert member.role == Role.AUDITOR
    [event] = Event.objects.filter(type="member.role_changed")
    assert event.data == {"role": "auditor", "before": "developer"}
    assert event.subject == member.user_id


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.BILLING, Role.AUDITOR])
def test_who_may_not_gives_nobody_a_role(owner: Membership, role: Role) -> None:
    member, other = join(owner.organization, role), join(owner.organization, Role.BILLING)
    with pytest.raises(RoleMissing):
        members.change_role(other, role=Role.ADMIN, actor=member.user)
    with pytest.raises(RoleMissing):
        members.remove(other, actor=member.user)
    other.refresh_from_db()
    assert other.role == Role.BILLING


def test_an_admin_makes_no_owner_and_touches_none(owner: Membership) -> None:
    admin, other = join(owner.organization, Role.ADMIN), join(owner.organization, Role.ADMIN)
    attempts: list[Callable[[], None]] = [
        lambda: members.change_role(other, role=Role.OWNER, actor=admin.user),
        lambda: members.change_role(admin, role=Role.OWNER, actor=admin.user),
        lambda: members.change_role(owner, role=Role.BILLING, actor=admin.user),
        lambda: members.remove(owner, actor=admin.user),
        lambda: members.transfer(admin, actor=admin.user),
    ]
    for attempt in attempts:
        with pytest.raises(RoleMissing):
            attempt()
    assert list(Membership.objects.filter(role=Role.OWNER, organization=owner.organization)) == [
        owner
    ]
    assert "member.role_changed" not in kinds()


def test_the_last_owner_stays(owner: Membership) -> None:
    join(owner.organization, Role.ADMIN)
    attempts: list[Callable[[], None]] = [
        lambda: members.leave(owner, actor=owner.user),
        lambda: members.remove(owner, actor=owner.user),
        lambda: members.change_role(owner, role=Role.ADMIN, actor=owner.user),
    ]
    for attempt in attempts:
        with pytest.raises(LastOwner):
            attempt()
    owner.refresh_from_db()
    assert owner.role == Role.OWNER
    assert "member.removed" not in kinds()


def test_of_two_owners_one_may_go(owner: Membership) -> None:
    second = join(owner.organization, Role.OWNER)
    members.leave(second, actor=second.user)
    assert not Membership.objects.filter(pk=second.pk).exists()
    [event] = Event.objects.filter(type="member.removed")
    assert (event.subject, event.actor) == (second.user_id, second.user_id)


def test_nobody_leaves_for_somebody_else(owner: Membership) -> None:
    member = join(owner.organization, Role.DEVELOPER)
    with pytest.raises(Missing):
        members.leave(member, actor=owner.user)
    assert Membership.objects.filter(pk=member.pk).exists()


def test_ownership_is_handed_over_in_one_step(owner: Membership) -> None:
    member = join(owner.organization, Role.DEVELOPER)
    members.transfer(member, actor=owner.user)
    owner.refresh_from_db()
    member.refresh_from_db()
    assert (owner.role, member.role) == (Role.ADMIN, Role.OWNER)
    [event] = Event.objects.filter(type="ownership.transferred")
    assert event.subject == member.user_id


def test_a_removed_members_keys_stay_and_their_sight_ends(owner: Membership) -> None:
    member = join(owner.organization, Role.DEVELOPER)
    application = make.application(owner.organization)
    issued = make.key(application)
    type(issued.key).objects.filter(pk=issued.key.pk).update(created_by=member.user)
    members.remove(member, actor=owner.user)
    issued.key.refresh_from_db()
    assert issued.key.revoked_at is None
    assert not type(issued.key).objects.visible_to(member.user).exists()


def test_who_was_removed_meanwhile_is_missing(owner: Membership) -> None:
    member = join(owner.organization, Role.DEVELOPER)
    Membership.objects.filter(pk=member.pk).delete()
    with pytest.raises(Missing):
        members.change_role(member, role=Role.ADMIN, actor=owner.user)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_do_not_both_go(monkeypatch: pytest.MonkeyPatch) -> None:
    founder = make.developer()
    first = founder.memberships.get()
    second = join(first.organization, Role.OWNER)

    def leave(membership: Membership) -> str:
        try:
            members.leave(membership, actor=membership.user)
        except Problem as problem:
            return problem.code
        finally:
            connection.close()
        return "left"

    meeting = Barrier(2)
    keep = members._keep_an_owner

    def keep_and_wait(leaving: Membership) -> None:
        keep(leaving)
        with suppress(BrokenBarrierError):  # Nobody comes: the other one waits for the lock.
            meeting.wait(timeout=0.5)

    monkeypatch.setattr(members, "_keep_an_owner", keep_and_wait)
    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(leave, [first, second]))
    assert said == ["last_owner", "left"]
    assert Membership.objects.filter(role=Role.OWNER, organization=first.organization).count() == 1


def test_a_rename_takes_a_role_and_is_recorded(owner: Membership) -> None:
    member = join(owner.organization, Role.DEVELOPER)
    with pytest.raises(RoleMissing):
        services.rename(owner.organization, name="Mine", actor=member.user)
    services.rename(owner.organization, name="Ours", actor=owner.user)
    owner.organization.refresh_from_db()
    assert owner.organization.name == "Ours"
    assert kinds().count("organization.renamed") == 1
