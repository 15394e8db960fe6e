"""Developers see the test users of their sandboxes, make one more, and remove one."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.events.models import Event
from apps.oauth.models import AccessToken, Consent
from apps.orgs.models import Membership, Role
from apps.tenants.models import Membership as Place
from tests.portal.conftest import Team
from tests.support import browsers, consent, make

PAGE = reverse("portal:members-test-users")
NEW = reverse("portal:members-test-users-new")


@pytest.fixture
def mia(team: Team) -> Place:
    return team.sandbox.memberships.select_related("user").get(user__name="Mia Okafor")


def remove(place: Place) -> str:
    return reverse("portal:members-test-users-remove", args=[place.pk])


def listed(browser: Browser) -> list[str]:
    return [place.user.name for place in browser.get(PAGE).context["places"]]


def test_the_page_lists_who_lives_in_which_sandbox(
    browser: Browser, team: Team, mia: Place
) -> None:
    assert f'href="{PAGE}"' in browser.get(reverse("portal:members")).content.decode()
    page = browser.get(PAGE).content.decode()
    for words in ("Mia Okafor", "Jonas Weber", mia.user.email, mia.user_id, team.sandbox.name):
        assert words in page
    assert f'href="{remove(mia)}"' in page
    assert listed(browser) == ["Jonas Weber", "Mia Okafor"]


def test_one_is_removed_after_one_question(browser: Browser, team: Team, mia: Place) -> None:
    client = consent.client(team.application)
    consent.connect(client, mia.user, team.sandbox)
    question = browser.get(remove(mia)).content.decode()
    assert "Remove Mia Okafor from Sandbox?" in question
    assert Place.objects.filter(pk=mia.pk).exists(), "the question alone removes nobody"
    answer = browser.post(remove(mia), follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Mia Okafor is removed." in answer.content.decode()
    assert listed(browser) == ["Jonas Weber"]
    assert not User.objects.filter(pk=mia.user_id).exists()
    assert not Consent.objects.exists()
    assert not AccessToken.objects.exists()
    assert Event.objects.get(type="token.revoked")
    event = Event.objects.get(type="end_user.removed")
    assert (event.subject, event.actor) == (mia.user_id, team.developer.pk)
    again = browser.post(remove(mia))
    assert again.status_code == 404
    page = consent.ask(browser, client)
    assert [one.user.name for one in page.context["test_users"]] == ["Jonas Weber"]


def test_one_is_made_and_can_be_answered_for(browser: Browser, team: Team) -> None:
    assert "Ada Lindqvist" not in listed(browser)
    answer = browser.post(NEW, {"name": "Ada Lindqvist", "tenant": team.sandbox.pk})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert "Ada Lindqvist" in listed(browser)
    page = consent.ask(browser, consent.client(team.application))
    assert "Ada Lindqvist" in {one.user.name for one in page.context["test_users"]}
    event = Event.objects.get(type="end_user.invented")
    assert (event.actor, event.tenant) == (team.developer.pk, team.sandbox.pk)


@pytest.mark.parametrize("where", ["live", "another organization's"])
def test_none_is_made_where_real_people_or_others_live(
    browser: Browser, team: Team, where: str
) -> None:
    tenant = make.live(team.organization) if where == "live" else make.sandbox()
    answer = browser.post(NEW, {"name": "Ada", "tenant": tenant.pk})
    assert answer.status_code == 200
    assert "tenant" in answer.context["form"].errors
    assert not Event.objects.filter(type="end_user.invented").exists()


def test_a_sandbox_that_is_full_says_so_on_the_form(
    browser: Browser, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.tenants.end_users.MOST", 2)
    page = browser.post(NEW, {"name": "Ada", "tenant": team.sandbox.pk}).content.decode()
    assert "A sandbox has at most 2 end users." in page
    assert len(listed(browser)) == 2


def test_when_all_are_gone_the_page_offers_to_make_one(browser: Browser, team: Team) -> None:
    for place in team.sandbox.memberships.all():
        browser.post(remove(place))
    page = browser.get(PAGE)
    assert list(page.context["places"]) == []
    assert "No test users" in page.content.decode()
    assert f'href="{NEW}"' in page.content.decode()


def test_real_people_are_neither_listed_nor_removed(
    browser: Browser, team: Team, stranger: User
) -> None:
    there = [
        Place.objects.create(tenant=tenant, user=stranger)
        for tenant in (team.sandbox, make.live(team.organization))
    ]
    assert listed(browser) == ["Jonas Weber", "Mia Okafor"]
    assert [browser.post(remove(place)).status_code for place in there] == [404, 404]
    assert Place.objects.filter(user=stranger).count() == 2


def test_those_of_another_organization_are_nobodys_here(newcomer: Browser, mia: Place) -> None:
    assert listed(newcomer) == []
    assert newcomer.get(remove(mia)).status_code == newcomer.post(remove(mia)).status_code == 404
    assert Place.objects.filter(pk=mia.pk).exists()


@pytest.mark.parametrize("role", [Role.BILLING, Role.AUDITOR])
def test_who_does_not_build_reads_and_is_offered_nothing(
    role: Role, team: Team, mia: Place
) -> None:
    reader = make.user()
    Membership.objects.create(organization=team.organization, user=reader, role=role)
    browser = browsers.of(reader)
    page = browser.get(PAGE).content.decode()
    assert "Mia Okafor" in page
    assert remove(mia) not in page
    assert NEW not in page
    assert browser.post(remove(mia)).status_code == browser.post(NEW).status_code == 403
    assert Place.objects.filter(pk=mia.pk).exists()
