"""Programs of who leads see what members let applications do with the organization's data."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.applications import presenting
from apps.core import clock, ids
from apps.events.models import Event
from apps.notifications.models import Message
from apps.oauth import captions
from apps.oauth.models import AccessToken, Client, Consent, RefreshToken
from apps.orgs.models import Organization, Role
from apps.tenants.models import Membership as Place
from tests.support import consent, make, management
from tests.support.management import Platform
from tests.support.queries import Queries

MAY = ["orders:read", "openid"]


@pytest.fixture
def shop(live: Platform) -> Organization:
    return live.application.organization


@pytest.fixture
def member(shop: Organization) -> User:
    return management.member(shop, Role.ADMIN)


@pytest.fixture
def ledger(live: Platform) -> Client:
    """A client that another organization makes, with an eye on live data."""
    return consent.client(make.application(approved=True), environment="live")


def listed(api: Platform, query: str = "") -> list[str]:
    return [one["id"] for one in api.get(f"connections{query}").json()["data"]]


def test_what_members_let_applications_do_is_listed_and_read(
    live: Platform, shop: Organization, member: User, ledger: Client
) -> None:
    assert live.get("connections").json()["data"] == []
    given = consent.connect(ledger, member, make.live(shop))
    Consent.objects.filter(pk=given.pk).update(last_used_at=given.given_at)
    [told] = live.get("connections").json()["data"]
    at = given.given_at.isoformat().replace("+00:00", "Z")
    assert told == {
        "object": "connection",
        "id": given.pk,
        "livemode": True,
        "created_at": at,
        "member": member.pk,
        "tenant": make.live(shop).pk,
        "client": ledger.client_id,
        "name": ledger.application.name,
        "publisher": ledger.application.organization.name,
        "verified": True,
        "scopes": ["openid", "orders:read"],
        "last_used_at": at,
    }
    assert live.get(f"connections/{given.pk}").json() == told


def test_its_name_is_the_one_that_members_read(
    live: Platform, shop: Organization, member: User, ledger: Client
) -> None:
    given = consent.connect(ledger, member, make.live(shop))
    ledger.application.name = "Your bank"
    ledger.application.save()
    assert live.get(f"connections/{given.pk}").json()["name"] == "Invoicer"
    assert presenting.is_waiting(ledger.application)


def test_what_registered_itself_is_nobodys(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    api, anybody = management.sandboxed(), make.organization()
    team = api.application.organization
    leader = team.memberships.get(role=Role.OWNER).user
    stranger = consent.client(make.application(anybody))
    monkeypatch.setattr(captions, "EVERYBODY", anybody.pk)
    consent.connect(stranger, leader, team.tenants.get(pk=api.caller.tenant))
    [told] = api.on_behalf_of(leader).get("connections").json()["data"]
    assert (told["name"], told["publisher"], told["verified"]) == ("Ledger", None, False)
    assert told["livemode"] is False


def test_one_is_ended_once_and_the_member_is_told(
    live: Platform, shop: Organization, member: User, ledger: Client
) -> None:
    colleague = management.member(shop, Role.OWNER)
    given, kept = (consent.connect(ledger, one, make.live(shop)) for one in (member, colleague))
    [digest] = AccessToken.objects.filter(user=member).values_list("token_checksum", flat=True)
    path = f"connections/{given.pk}"
    assert [live.delete(path, Idempotency_Key="end").status for _ in range(2)] == [204, 204]
    assert live.delete(path).code == live.get(path).code == "not_found"
    assert AccessToken.objects.usable().get().user == colleague
    assert RefreshToken.objects.get(revoked=None).user == colleague
    assert Event.objects.get(type="token.revoked").data["digests"] == [digest]
    event = Event.objects.get(type="consent.revoked")
    assert (event.subject, event.actor) == (given.pk, live.caller.credential)
    mail = Message.objects.get()
    assert mail.recipients == [member.email]
    assert f"A program of {shop} ({live.caller.credential}) ended it." in mail.text
    assert listed(live) == [kept.pk]


def test_a_token_ends_it_in_its_persons_name(
    live: Platform, shop: Organization, member: User, ledger: Client
) -> None:
    leader = shop.memberships.get(role=Role.OWNER).user
    theirs, own = (consent.connect(ledger, one, make.live(shop)) for one in (member, leader))
    live.on_behalf_of(leader)
    for given in (theirs, own):
        assert live.delete(f"connections/{given.pk}").status == 204
    assert set(Event.objects.filter(type="consent.revoked").values_list("actor", flat=True)) == {
        leader.pk
    }
    assert f"{leader.email} ended it." in Message.objects.get().text, "and no mail to oneself"


def test_what_is_not_the_organizations_affair_is_not_shown_and_not_ended(
    live: Platform, shop: Organization, member: User, ledger: Client
) -> None:
    customer, elsewhere = make.user(), make.organization(member)
    Place.objects.create(tenant=make.live(shop), user=customer)
    leaver = management.member(shop, Role.ADMIN)
    in_sandbox = consent.client(ledger.application)
    for given in (
        consent.connect(ledger, member, make.live(shop), "openid", "email"),  # who they are
        consent.connect(ledger, customer, make.live(shop)),  # an end user's own
        consent.connect(ledger, member, make.live(elsewhere)),  # another organization's data
        consent.connect(in_sandbox, member, make.sandbox(shop)),  # another environment's
        consent.connect(ledger, leaver, make.live(shop)),
    ):
        shop.memberships.filter(user=leaver).delete()
        answer = live.delete(f"connections/{given.pk}")
        assert (answer.status, answer.code) == (404, "not_found")
    assert listed(live) == []
    assert AccessToken.objects.usable().count() == 5
    assert not Message.objects.exists()


def test_in_a_sandbox_it_takes_a_leaders_token(shop: Organization, ledger: Client) -> None:
    api = management.sandboxed(shop)
    leader = shop.memberships.get(role=Role.OWNER).user
    in_sandbox = consent.client(ledger.application)
    here = consent.connect(in_sandbox, leader, shop.tenants.get(pk=api.caller.tenant))
    consent.connect(ledger, leader, make.live(shop))
    for answer in (
        api.get("connections"),
        api.get(f"connections/{here.pk}"),
        api.delete(f"connections/{here.pk}"),
    ):
        assert (answer.status, answer.code) == (403, "role_missing")
    api.on_behalf_of(leader)
    assert listed(api) == [here.pk]
    assert api.delete(f"connections/{here.pk}").status == 204
    assert AccessToken.objects.usable().get().tenant == make.live(shop)


@pytest.mark.parametrize("asked", ["client", "member", "tenant", "created_before"])
def test_a_list_is_narrowed(asked: str, shop: Organization, member: User, ledger: Client) -> None:
    api, leader = management.sandboxed(shop), shop.memberships.get(role=Role.OWNER).user
    first, second = (consent.client(ledger.application) for _ in range(2))
    here = shop.tenants.get(pk=api.caller.tenant)
    given = consent.connect(first, member, here)
    other = {
        "client": (second, member, here),
        "member": (first, leader, here),
        "tenant": (first, member, make.sandbox(shop)),
        "created_before": (second, leader, here),
    }[asked]
    after = clock.real().isoformat().replace("+00:00", "Z")
    left_out = consent.connect(*other)
    wanted = {
        "client": first.client_id,
        "member": member.pk,
        "tenant": here.pk,
        "created_before": after,
    }[asked]
    api.on_behalf_of(leader)
    assert listed(api) == [left_out.pk, given.pk]
    assert listed(api, f"?{asked}={wanted}") == [given.pk]
    nobodys = {"client": ids.new("cli"), "member": ids.new("usr"), "tenant": ids.new("tnt")}
    assert listed(api, f"?{asked}={nobodys.get(asked, '2020-01-01T00:00:00Z')}") == []


def test_member_and_tenant_are_expanded_with_their_scopes(
    live: Platform, shop: Organization, member: User, ledger: Client
) -> None:
    given = consent.connect(ledger, member, make.live(shop))
    path = f"connections/{given.pk}?expand[]=member&expand[]=tenant"
    told: dict[str, Any] = live.get(path).json()
    assert told["member"] == live.get(f"members/{member.pk}").json()
    assert told["tenant"] == live.get(f"tenants/{make.live(shop).pk}").json()
    narrow = Platform(live.application, make.live(shop), scopes=["platform.connections:read"])
    answer = narrow.get(f"connections/{given.pk}?expand[]=member")
    assert (answer.status, answer.json()["scope"]) == (403, "platform.members:read")


def test_a_page_costs_the_same_however_many(
    live: Platform, shop: Organization, ledger: Client
) -> None:
    def connected() -> None:
        other = consent.client(make.application(approved=True), environment="live")
        consent.connect(other, management.member(shop, Role.ADMIN), make.live(shop))

    queries, path = Queries(), "connections?expand[]=member&expand[]=tenant"
    connected()
    live.get(path)
    cost = queries.of(lambda: live.get(path))
    for _ in range(11):
        connected()
    assert queries.of(lambda: live.get(path)) == cost
    assert len(listed(live)) == 12
