"""What somebody allowed ends with the role or place that let them allow it, for test users too."""

import time
from dataclasses import replace
from functools import partial
from threading import Event as Threading
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core import clock
from apps.events.models import Event
from apps.oauth import consents, devices, families, revocation, standing
from apps.oauth.models import AccessToken, Consent, RefreshToken
from apps.orgs import members
from apps.orgs.models import Membership, Organization, Role
from apps.tenants.models import Tenant
from tests.apps.oauth.test_races import at_once
from tests.support import make, oauth
from tests.support.oauth import Answer, Merchant, Party

pytestmark = pytest.mark.django_db
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def shop() -> Organization:
    return make.organization()


@pytest.fixture
def party() -> Party:
    return oauth.confidential()


def owner_of(shop: Organization) -> User:
    return shop.memberships.get(role=Role.OWNER).user


def admin(shop: Organization, kind: str = "live") -> Merchant:
    """Return an admin of ``shop`` who lets applications act there."""
    person = make.user()
    shop.memberships.create(user=person, role=Role.ADMIN)
    there = make.live(shop) if kind == "live" else make.sandbox(shop)
    return Merchant(person, there)


def live(shop: Organization) -> Party:
    make.scopes("orders:read")
    return oauth.confidential(make.application(approved=True), environment="live")


def follow(kind: str) -> None:
    revocation.follow(list(Event.objects.filter(type=kind)))


def change(by: Merchant, role: str) -> None:
    place = Membership.objects.get(user=by.user)
    members.change_role(place, role=role, actor=owner_of(place.organization))


def agreed(party: Party, by: Merchant, *scopes: str) -> Consent:
    return consents.give(party.client, user=by.user, tenant=by.tenant, scopes=scopes, actor=by.user)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.BILLING, Role.AUDITOR])
def test_a_lowered_role_refreshes_nothing_and_ends_live_tokens(
    shop: Organization, role: Role
) -> None:
    party, by = live(shop), admin(shop)
    given = agreed(party, by, "openid", "orders:read")
    body = party.redeem(oauth.code(party, by)).body
    waiting = oauth.code(party, by)
    change(by, role)
    refused = party.refresh(body["refresh_token"])
    assert (refused.status, refused.error) == (400, "invalid_grant")
    assert party.redeem(waiting).error == "invalid_grant"
    follow("member.role_changed")
    assert not AccessToken.objects.usable().exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
    given.refresh_from_db()
    assert given.revoked_at
    change(by, Role.ADMIN)
    assert party.refresh(body["refresh_token"]).error == "invalid_grant"


def test_a_device_code_is_not_redeemed_in_a_lower_role(shop: Organization) -> None:
    party, by = live(shop), admin(shop)
    code = oauth.device_code(party, by, scope="orders:read")
    change(by, Role.DEVELOPER)
    assert party.token(DEVICE, device_code=code).error == "invalid_grant"
    assert not AccessToken.objects.exists()


def test_a_developer_keeps_what_sandboxes_are_for(party: Party, shop: Organization) -> None:
    by = admin(shop, "sandbox")
    body = party.redeem(oauth.code(party, by)).body
    change(by, Role.DEVELOPER)
    follow("member.role_changed")
    assert AccessToken.objects.usable().count() == 1
    assert party.refresh(body["refresh_token"]).status == 200


def test_who_only_says_who_they_are_stays_signed_in_by_a_new_code(shop: Organization) -> None:
    party, by = live(shop), admin(shop)
    other = oauth.confidential(party.client.application, environment="live")
    kept, gone = agreed(party, by, "openid", "email"), agreed(other, by, "openid", "orders:read")
    body = party.redeem(oauth.code(party, by, scope="openid email")).body
    change(by, Role.AUDITOR)
    assert party.refresh(body["refresh_token"]).status == 200
    follow("member.role_changed")
    assert list(Consent.objects.standing()) == [kept]
    assert kept != gone
    assert party.redeem(oauth.code(party, by, scope="openid email")).status == 200


def test_who_is_an_end_user_too_keeps_what_they_allowed(shop: Organization) -> None:
    party, by = live(shop), admin(shop)
    by.tenant.memberships.create(user=by.user)
    body = party.redeem(oauth.code(party, by)).body
    change(by, Role.BILLING)
    follow("member.role_changed")
    assert AccessToken.objects.usable().count() == 1
    assert party.refresh(body["refresh_token"]).status == 200


def test_nobody_elses_tokens_end(shop: Organization) -> None:
    party, by, other = live(shop), admin(shop), admin(shop)
    elsewhere = oauth.merchant(live=True)
    Membership.objects.create(
        organization=elsewhere.tenant.organization, user=by.user, role=Role.ADMIN
    )
    party.redeem(oauth.code(party, by))
    for one in (other, elsewhere, replace(elsewhere, user=by.user)):
        party.redeem(oauth.code(party, one))
    place = shop.memberships.get(user=by.user)
    members.change_role(place, role=Role.BILLING, actor=owner_of(shop))
    follow("member.role_changed")
    assert AccessToken.objects.usable().count() == 3


def stand_in(party: Party, by: Merchant, mia: User, **fields: Any) -> str:
    """Return a code that ``by``, a developer, allowed in the place of a test user."""
    return oauth.code(party, Merchant(mia, by.tenant), answered_by=by.user, **fields)


def mia_of(tenant: Tenant) -> User:
    return tenant.memberships.order_by("pk")[0].user


@pytest.mark.parametrize("how", ["removed", "lowered", "deactivated"])
def test_what_a_developer_allowed_as_a_test_user_ends_with_the_developer(
    party: Party, shop: Organization, how: str
) -> None:
    by, colleague = admin(shop, "sandbox"), admin(shop, "sandbox")
    mia = mia_of(by.tenant)
    body = party.redeem(stand_in(party, by, mia)).body
    again = party.refresh(body["refresh_token"]).body
    waiting = stand_in(party, by, mia)
    colleague = replace(colleague, tenant=by.tenant)
    kept = party.redeem(stand_in(party, colleague, mia)).body
    place = shop.memberships.get(user=by.user)
    if how == "removed":
        members.remove(place, actor=owner_of(shop))
    elif how == "lowered":
        members.change_role(place, role=Role.BILLING, actor=owner_of(shop))
    else:
        User.objects.filter(pk=by.user.pk).update(is_active=False)
    assert party.refresh(again["refresh_token"]).error == "invalid_grant"
    assert party.redeem(waiting).error == "invalid_grant"
    events = {
        "removed": "member.removed",
        "lowered": "member.role_changed",
        "deactivated": "user.deactivated",
    }
    if how == "deactivated":
        revocation.follow([Event(type="user.deactivated", subject=by.user.pk)])
    else:
        follow(events[how])
    assert AccessToken.objects.usable().get().answered_by == colleague.user
    assert party.refresh(kept["refresh_token"]).status == 200


def test_a_device_that_a_developer_let_in_as_a_test_user_goes_too(
    party: Party, shop: Organization
) -> None:
    by = admin(shop, "sandbox")
    begun = oauth.post("device_authorization", party.fields(scope="openid")).body
    grant = devices.find(begun["user_code"], user=by.user, address="192.0.2.1")
    devices.allow(
        grant,
        tenant=by.tenant,
        scopes=["openid"],
        auth_time=clock.real(),
        sid="",
        actor=mia_of(by.tenant),
        answered_by=by.user,
    )
    members.remove(shop.memberships.get(user=by.user), actor=owner_of(shop))
    assert party.token(DEVICE, device_code=begun["device_code"]).error == "invalid_grant"
    follow("member.removed")
    grant.refresh_from_db()
    assert grant.redeemed_at
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("how", ["place", "user", "sandbox"])
def test_a_removed_test_user_leaves_no_token(party: Party, shop: Organization, how: str) -> None:
    by = admin(shop, "sandbox")
    mia = mia_of(by.tenant)
    given = agreed(party, Merchant(mia, by.tenant), "openid", "orders:read")
    body = party.redeem(stand_in(party, by, mia)).body
    [digest] = AccessToken.objects.values_list("token_checksum", flat=True)
    {
        "place": lambda: by.tenant.memberships.get(user=mia).delete(),
        "user": mia.delete,
        "sandbox": by.tenant.delete,
    }[how]()
    assert Event.objects.get(type="token.revoked").data["digests"] == [digest]
    assert not AccessToken.objects.usable().exists()
    assert party.refresh(body["refresh_token"]).error == "invalid_grant"
    assert not Consent.objects.standing().filter(pk=given.pk).exists()


def test_a_place_that_goes_takes_nothing_from_who_may_by_role(shop: Organization) -> None:
    party, by = live(shop), admin(shop)
    place = by.tenant.memberships.create(user=by.user)
    body = party.redeem(oauth.code(party, by)).body
    place.delete()
    assert AccessToken.objects.usable().count() == 1
    assert party.refresh(body["refresh_token"]).status == 200


@pytest.mark.django_db(transaction=True)
def test_no_token_is_born_of_a_role_while_it_is_lost(
    shop: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    party, by = live(shop), admin(shop)
    token = party.redeem(oauth.code(party, by)).body["refresh_token"]
    place, owner, checked = shop.memberships.get(user=by.user), owner_of(shop), Threading()
    check = standing.check_person

    def slowly(source: standing.Source) -> None:
        """Give the role time to go, right after it was looked at."""
        check(source)
        checked.set()
        time.sleep(0.5)

    def lower() -> None:
        assert checked.wait(timeout=10)
        members.change_role(place, role=Role.AUDITOR, actor=owner)
        follow("member.role_changed")

    monkeypatch.setattr(standing, "check_person", slowly)
    said, _ = at_once(partial(party.refresh, token), lower)
    assert isinstance(said, Answer)
    assert said.status == 200
    assert not AccessToken.objects.usable().exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()


def test_ending_what_nobody_answered_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        families.end_all(answered_by=None, reason="", actor=None)
