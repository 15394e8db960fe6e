"""The page that waits for the first request."""

from urllib.parse import quote

from django.conf import settings as configured
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from apps.core import clock, tickets
from apps.keys.models import Key
from apps.orgs.models import Organization
from tests.portal.conftest import Team
from tests.support import make, traffic


def test_it_shows_the_real_key_in_three_languages(browser: Client, team: Team) -> None:
    answer = browser.get(reverse("portal:start"))
    codes = [sample.code for sample in answer.context["samples"]]
    assert len(codes) == 3
    assert all(team.secret in code for code in codes)
    assert "no-store" in answer["Cache-Control"]


def test_its_ticket_opens_the_applications_stream_and_no_other(browser: Client, team: Team) -> None:
    ticket = browser.get(reverse("portal:start")).context["ticket"]
    now = clock.real().timestamp()
    assert tickets.read(ticket, root=configured.CALLER_KEY, now=now) == team.application.pk


def test_polling_finds_what_came_in_since_the_page_was_opened(browser: Client, team: Team) -> None:
    traffic.serve(team.key)
    address = f"{reverse('portal:start-first')}?since={quote(clock.real().isoformat())}"
    assert browser.get(address).json()["request"] is None
    made = traffic.serve(team.key, latency_us=8_000)
    assert browser.get(address).json()["request"] == {
        "id": made,
        "method": "GET",
        "path": "/commerce/v1/orders",
        "status": 200,
        "latency_us": 8_000,
    }


def test_polling_with_a_time_that_is_none_finds_nothing(browser: Client, team: Team) -> None:
    traffic.serve(team.key)
    for since in ("", "yesterday", "2026-13-40T00:00:00Z", "2026-01-01T00:00:00"):
        answer = browser.get(reverse("portal:start-first"), {"since": since})
        assert answer.json() == {"request": None, "ticket": None}


def test_running_it_without_a_gateway_says_so(
    browser: Client, team: Team, settings: Settings
) -> None:
    settings.API_URL = "http://127.0.0.1:1"
    answer = browser.post(reverse("portal:start-run"), follow=True)
    assert "The gateway did not answer." in answer.content.decode()


def test_without_a_key_it_leads_to_making_one(newcomer: Client) -> None:
    page = newcomer.get(reverse("portal:start")).content.decode()
    assert reverse("portal:keys-new") in page
    assert newcomer.post(reverse("portal:start-run"))["Location"] == reverse("portal:start")


def test_the_explorer_uses_its_key_again(browser: Client, team: Team) -> None:
    first = browser.get(reverse("portal:swagger")).context["key"]
    assert browser.get(reverse("portal:swagger")).context["key"] == first
    made = Key.objects.get(kind="r")
    assert made.tenant == team.sandbox
    assert made.expires_at is not None


def test_the_explorer_shows_one_api_at_a_time(browser: Client, team: Team) -> None:
    call_command("publish_catalog", verbosity=0)
    page = browser.get(reverse("portal:swagger"), {"api": "platform/v1"}).content.decode()
    assert page.count("data-explorer=") == 1
    assert reverse("portal:openapi", args=["platform", 1]) in page
    assert 'href="?api=commerce/v1"' in page
    first = browser.get(reverse("portal:swagger"), {"api": "moon/v1"}).context["version"]
    assert str(first) == "commerce/v1"


def test_no_page_shows_a_suspended_applications_key(browser: Client, team: Team) -> None:
    team.application.state = team.application.State.SUSPENDED
    team.application.save()
    assert team.secret not in browser.get(reverse("portal:start")).content.decode()
    other = make.key(make.application(team.organization), tenant=team.sandbox)
    assert other.secret in browser.get(reverse("portal:start")).content.decode()


def test_nobody_is_shown_another_teams_key(
    newcomer: Client, browser: Client, team: Team, stranger: User
) -> None:
    theirs = browser.get(reverse("portal:swagger")).context["key"]
    for name in ("portal:start", "portal:swagger"):
        page = newcomer.get(reverse(name)).content.decode()
        assert team.secret not in page
        assert theirs not in page
    own = make.key(make.application(Organization.objects.visible_to(stranger).get()))
    assert own.secret in newcomer.get(reverse("portal:start")).content.decode()
    newcomer.get(reverse("portal:swagger"))
    assert Key.objects.filter(kind="r", application=own.key.application).count() == 1


def test_the_explorers_key_belongs_to_one_person(browser: Client, team: Team) -> None:
    colleague = make.user()
    team.organization.memberships.create(user=colleague, role="developer")
    first = browser.get(reverse("portal:swagger")).context["key"]
    browser.force_login(colleague)
    assert browser.get(reverse("portal:swagger")).context["key"] != first
    assert Key.objects.filter(kind="r").count() == 2
