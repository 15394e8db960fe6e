"""A developer makes applications and asks for review."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from apps.applications import services as applications
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.keys.models import Key
from apps.orgs import services as orgs
from tests.portal.conftest import Team
from tests.support import make
from tests.support.queries import Queries

FIELDS = {"name": "Stock sync", "description": "Counts.", "homepage": "https://stock.example"}


@pytest.fixture
def operator(db: None) -> User:
    """Who decides."""
    return make.operator()


def test_a_new_application_is_on_the_default_plan(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:applications-new"), FIELDS)
    made = Application.objects.get(name="Stock sync")
    assert answer["Location"] == reverse("portal:applications-detail", args=[made.pk])
    assert made.organization == team.organization
    assert made.subscription.version.plan.slug == "free"


def test_a_nameless_application_is_not_made(browser: Client) -> None:
    answer = browser.post(reverse("portal:applications-new"), {**FIELDS, "name": ""})
    assert answer.context["form"].errors["name"]
    assert not Application.objects.filter(description="Counts.").exists()


def test_its_description_can_be_changed(browser: Client, team: Team) -> None:
    browser.post(reverse("portal:applications-detail", args=[team.application.pk]), FIELDS)
    team.application.refresh_from_db()
    assert team.application.name == "Stock sync"


def test_submitting_asks_once_and_then_submits(browser: Client, team: Team) -> None:
    address = reverse("portal:applications-submit", args=[team.application.pk])
    assert "for review?" in browser.get(address).content.decode()
    browser.post(address)
    team.application.refresh_from_db()
    assert team.application.state == Application.State.SUBMITTED


def test_nothing_is_submitted_before_it_is_described(browser: Client, team: Team) -> None:
    bare = make.application(team.organization, name="Bare", description=" ")
    address = reverse("portal:applications-submit", args=[bare.pk])
    page = browser.get(address).content.decode()
    assert "Reviewers read this first" in page
    for nothing in ({}, {"description": "  "}):
        answer = browser.post(address, nothing)
        assert "description" in answer.context["form"].errors
        bare.refresh_from_db()
        assert bare.state == Application.State.DRAFT
    with pytest.raises(Unprocessable, match="Describe what Bare does"):
        applications.submit(bare, actor=team.developer)
    browser.post(address, {"description": "Writes invoices."})
    bare.refresh_from_db()
    assert (bare.state, bare.description) == (Application.State.SUBMITTED, "Writes invoices.")
    described = reverse("portal:applications-submit", args=[team.application.pk])
    assert "description" not in browser.get(described).context["form"].fields


def test_submitting_twice_is_a_page_that_says_so(browser: Client, team: Team) -> None:
    address = reverse("portal:applications-submit", args=[team.application.pk])
    browser.post(address)
    answer = browser.post(address)
    assert answer.status_code == 409
    assert reverse("portal:error", args=["application_state"]) in answer.content.decode()


def test_all_keys_of_an_application_can_be_revoked_at_once(browser: Client, team: Team) -> None:
    other = make.key(make.application(team.organization), tenant=team.sandbox)
    address = reverse("portal:applications-revoke-keys", args=[team.application.pk])
    assert browser.get(address).context["working"] == 1
    browser.post(address)
    assert Key.objects.get(pk=team.key.pk).revoked_at is not None
    assert Key.objects.get(pk=other.key.pk).revoked_at is None


def test_the_list_counts_working_keys(browser: Client, team: Team) -> None:
    make.key(team.application, tenant=team.sandbox)
    row = browser.get(reverse("portal:applications")).context["applications"].get()
    assert row.working_keys == 2


def test_the_list_costs_the_same_however_many(browser: Client, team: Team) -> None:
    browser.get(reverse("portal:applications"))
    few = Queries().of(lambda: browser.get(reverse("portal:applications")))
    for number in range(11):
        make.application(team.organization, name=f"App {number}")
    assert Queries().of(lambda: browser.get(reverse("portal:applications"))) == few


def test_the_way_to_live_traffic_ends_with_a_live_key(browser: Client, team: Team) -> None:
    Application.objects.filter(pk=team.application.pk).update(state=Application.State.APPROVED)
    team.application.refresh_from_db()
    address = reverse("portal:applications-detail", args=[team.application.pk])
    assert [step["done"] for step in browser.get(address).context["steps"]] == [True] * 3 + [False]
    make.key(team.application, tenant=make.live(team.organization))
    assert [step["done"] for step in browser.get(address).context["steps"]] == [True] * 4


def test_its_page_lists_its_own_keys_only(browser: Client, team: Team) -> None:
    other = make.key(make.application(team.organization), tenant=team.sandbox)
    shown = browser.get(reverse("portal:applications-detail", args=[team.application.pk]))
    assert list(shown.context["keys"]) == [team.key]
    assert other.key.hint not in shown.content.decode()


def test_who_is_suspended_reads_why_and_whom_to_write_to(
    browser: Client, team: Team, operator: User, settings: Settings
) -> None:
    settings.BRAND = {**settings.BRAND, "mail_from": "Zenith <help@zenith.example>"}
    applications.suspend(team.application, reason="Too many failing calls", actor=operator)
    address = reverse("portal:applications-detail", args=[team.application.pk])
    page = browser.get(address).content.decode()
    assert "An operator has suspended this application" in page
    assert "Too many failing calls" in page
    assert reverse("portal:error", args=["application_suspended"]) in page
    assert "mailto:help@zenith.example?subject=" in page
    assert team.application.pk in page
    assert "New key" not in page
    assert "Submit for review" not in page


def test_who_is_suspended_cannot_ask_for_review(
    browser: Client, team: Team, operator: User
) -> None:
    applications.suspend(team.application, reason="Spam", actor=operator)
    address = reverse("portal:applications-submit", args=[team.application.pk])
    shown = browser.get(address)
    assert shown["Location"] == reverse("portal:applications-detail", args=[team.application.pk])
    assert browser.post(address).status_code == 409
    team.application.refresh_from_db()
    assert team.application.state == Application.State.SUSPENDED


def test_every_page_of_a_suspended_organization_says_so(
    browser: Client, team: Team, operator: User
) -> None:
    assert "An operator suspended" not in browser.get(reverse("portal:keys")).content.decode()
    orgs.suspend(team.organization, reason="Unpaid", actor=operator)
    page = browser.get(reverse("portal:keys")).content.decode()
    assert "An operator suspended Bicycle Shop" in page
    assert "Unpaid" in page
    assert team.organization.pk in page


def test_a_reviewers_words_come_with_what_to_do(
    browser: Client, team: Team, operator: User
) -> None:
    applications.submit(team.application, actor=team.developer)
    applications.request_changes(team.application, reason="Say what it does.", actor=operator)
    address = reverse("portal:applications-detail", args=[team.application.pk])
    page = browser.get(address).content.decode()
    assert "A reviewer asks for changes" in page
    assert "Say what it does." in page
    assert "Submit for review" in page
