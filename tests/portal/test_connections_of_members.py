"""Owners and admins see what members let applications do with their data, and end it."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.core import ids
from apps.events.models import Event
from apps.notifications.models import Message
from apps.oauth import consents
from apps.oauth.models import AccessToken, Client, Consent, RefreshToken
from apps.orgs.models import Membership, Role
from apps.tenants.models import Membership as Place
from tests.portal.conftest import Team
from tests.support import browsers, consent, make

PAGE = reverse("portal:members-connections")


@pytest.fixture
def member(team: Team) -> User:
    person = make.user(name="Mona Member")
    Membership.objects.create(organization=team.organization, user=person, role=Role.DEVELOPER)
    return person


@pytest.fixture
def ledger(team: Team) -> Client:
    return consent.client(team.application)


def listed(browser: Browser) -> list[str]:
    return [row["consent"].pk for row in browser.get(PAGE).context["rows"]]


def end(browser: Browser, given: str) -> int:
    address = reverse("portal:members-connections-revoke", args=[given])
    return int(browser.post(address).status_code)


def test_a_leader_reads_who_lets_which_application_do_what(
    browser: Browser, team: Team, member: User, ledger: Client
) -> None:
    assert "No member has connected" in browser.get(PAGE).content.decode()
    given = consent.connect(ledger, member, team.sandbox)
    assert f'href="{PAGE}"' in browser.get(reverse("portal:members")).content.decode()
    page = browser.get(PAGE).content.decode()
    for words in ("Ledger", "Mona Member", member.email, "orders:read", team.sandbox.name):
        assert words in page
    assert listed(browser) == [given.pk]


def test_a_leader_ends_it_and_the_member_is_told(
    browser: Browser, team: Team, member: User, ledger: Client
) -> None:
    given, own = (consent.connect(ledger, one, team.sandbox) for one in (member, team.developer))
    question = browser.get(reverse("portal:members-connections-revoke", args=[given.pk]))
    assert "Disconnect “Ledger” from Mona Member?" in question.content.decode()
    assert AccessToken.objects.usable().filter(user=member).exists()
    assert end(browser, given.pk) == 302
    assert not AccessToken.objects.usable().filter(user=member).exists()
    assert not RefreshToken.objects.filter(user=member, revoked=None).exists()
    event = Event.objects.get(type="consent.revoked")
    assert (event.actor, event.data["user"]) == (team.developer.pk, member.pk)
    assert event.organization == team.organization.pk
    mail = Message.objects.get()
    assert mail.recipients == [member.email]
    assert mail.subject == f"Ledger no longer acts for you in {team.organization}"
    for words in (team.developer.email, "“Ledger”", team.sandbox.name):
        assert words in mail.text
    assert listed(browser) == [own.pk]
    assert AccessToken.objects.usable().filter(user=team.developer).exists()


def test_once_is_enough(browser: Browser, team: Team, member: User, ledger: Client) -> None:
    given = consent.connect(ledger, member, team.sandbox)
    assert [end(browser, given.pk), end(browser, given.pk)] == [302, 404]
    consents.take_back(given, actor=team.developer)
    assert Event.objects.filter(type="consent.revoked").count() == Message.objects.count() == 1


def test_nobody_is_written_to_about_what_they_ended_themselves(
    browser: Browser, team: Team, ledger: Client
) -> None:
    given = consent.connect(ledger, team.developer, team.sandbox)
    assert end(browser, given.pk) == 302
    assert not Consent.objects.standing().exists()
    assert not Message.objects.exists()


def test_what_is_a_persons_own_affair_is_not_shown_and_not_ended(
    browser: Browser, team: Team, member: User, stranger: User, ledger: Client
) -> None:
    elsewhere = make.sandbox(make.organization(member, name="Elsewhere"))
    Place.objects.create(tenant=team.sandbox, user=stranger)
    kept = [
        consent.connect(ledger, member, team.sandbox, "openid", "email"),  # only who they are
        consent.connect(ledger, member, elsewhere),  # another organization's data
        consent.connect(ledger, stranger, team.sandbox),  # an end user's own
    ]
    assert listed(browser) == []
    assert [end(browser, given.pk) for given in kept] == [404, 404, 404]
    assert Consent.objects.standing().count() == 3
    assert AccessToken.objects.usable().count() == 3


def test_a_leader_of_another_organization_finds_nothing(
    newcomer: Browser, team: Team, member: User, ledger: Client
) -> None:
    given = consent.connect(ledger, member, team.sandbox)
    assert listed(newcomer) == []
    assert end(newcomer, given.pk) == end(newcomer, ids.new("con")) == 404
    assert AccessToken.objects.usable().exists()


def test_who_leads_one_organization_and_only_works_in_another_ends_nothing_there(
    team: Team, member: User, ledger: Client
) -> None:
    make.organization(member, name="Own")
    given = consent.connect(ledger, team.developer, team.sandbox)
    browser = browsers.of(member)
    browser.post(
        reverse("portal:organizations-switch"),
        {"organization": member.memberships.get(role="owner").organization_id},
    )
    assert listed(browser) == []
    assert end(browser, given.pk) == 404
    assert Consent.objects.standing().exists()


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.BILLING, Role.AUDITOR])
def test_other_roles_neither_see_nor_end_it(
    role: str, team: Team, member: User, ledger: Client
) -> None:
    given = consent.connect(ledger, team.developer, team.sandbox)
    Membership.objects.filter(user=member).update(role=role)
    browser = browsers.of(member)
    assert f'href="{PAGE}"' not in browser.get(reverse("portal:members")).content.decode()
    assert browser.get(PAGE).status_code == 403
    assert end(browser, given.pk) == 403
    assert Consent.objects.standing().exists()
