"""The page of an application's dated revisions: which holds, what changed, moving and returning."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.html import strip_tags

from apps.applications import pins
from apps.applications.models import Application, Pin
from apps.catalog import revisions
from apps.catalog.models import Api
from apps.catalog.revisions import History
from apps.core import clock
from apps.events.models import Event
from apps.orgs.models import Membership, Role
from apps.usage import fixes
from apps.usage.selectors.requests import RequestRow
from tests.portal.conftest import Team
from tests.support import browsers, make

VERSION = "commerce/v1"
OLD, NEW, NEXT = "2026-06-01", "2026-11-01", "2026-12-01"


@pytest.fixture(autouse=True)
def published(db: None) -> None:
    """The commerce API in the catalog."""
    call_command("publish_catalog", verbosity=0)


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    """A revision more than the API has."""
    known = revisions.registered[VERSION]
    more = History("commerce", 1, first=OLD)
    more.revisions = known.revisions.copy()
    more.revision(NEXT, "Totals are *rounded*.")
    monkeypatch.setitem(revisions.registered, VERSION, more)
    return more


def page(application: Application, revision: str = "") -> str:
    more = f"/{VERSION}/{revision}" if revision else ""
    return f"/applications/{application.pk}/revisions{more}"


def shown(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def said(browser: Client, address: str) -> str:
    return " ".join(strip_tags(shown(browser, address)).split())


def held(application: Application) -> str:
    return pins.standing(application, VERSION).revision


def age(application: Application, **since: int) -> None:
    """Let a pin be older."""
    Pin.objects.filter(application=application).update(since=clock.real() - timedelta(**since))


def test_a_new_application_is_in_the_newest_and_has_nothing_to_do(
    team: Team, browser: Client
) -> None:
    words = said(browser, page(team.application))
    assert f"Served in {NEW} since" in words
    assert "newest" in words
    assert "Move to" not in words
    assert "Trellis-Version" not in words
    assert "API revisions" in said(browser, f"/applications/{team.application.pk}")


def test_an_older_one_sees_what_changed_and_how_to_try_it(
    team: Team, browser: Client, history: History
) -> None:
    html = shown(browser, page(team.application))
    words = " ".join(strip_tags(html).split())
    assert "1 newer" in words
    assert "<em>rounded</em>" in html
    assert f"Move to {NEXT}" in words
    assert f"Trellis-Version: {NEXT}" in html.replace("&quot;", '"')
    assert "/commerce/v1/customers" in words
    assert words.index(NEXT) < words.index(f"{NEW}yours") < words.index(f"{OLD} The API")


def test_an_application_that_is_older_than_revisions_is_in_the_first(
    team: Team, browser: Client
) -> None:
    Pin.objects.all().delete()
    words = said(browser, page(team.application))
    assert f"Served in {OLD}: the application is older than these" in words
    assert f"Move to {NEW}" in words


def test_it_moves_once_that_is_confirmed_and_returns_within_72_hours(
    team: Team, browser: Client, history: History
) -> None:
    address = page(team.application, NEXT)
    asked = said(browser, address)
    assert f"Move Commerce API v1 to {NEXT}?" in asked
    assert "Totals are rounded." in asked
    assert "go back for 72 hours" in asked
    assert held(team.application) == NEW

    moved = browser.post(address, follow=True).content.decode()
    assert f"Commerce API is served in {NEXT} from now on." in moved
    assert "The way back is open until" in moved
    assert held(team.application) == NEXT
    event = Event.objects.get(type="application.revision_changed")
    assert event.data == {"version": VERSION, "revision": [NEW, NEXT]}
    assert (event.actor, event.application) == (team.developer.pk, team.application.pk)

    assert f"Back to {NEW}" in said(browser, page(team.application))
    assert f"Take Commerce API v1 back to {NEW}?" in said(browser, page(team.application, NEW))
    browser.post(page(team.application, NEW))
    assert held(team.application) == NEW
    after = said(browser, page(team.application))
    assert f"Back to {OLD}" not in after
    assert after.index(f"moved from {NEXT} to {NEW}") < after.index(f"moved from {NEW} to {NEXT}")


def test_the_way_back_closes_and_leads_to_no_older_one(
    team: Team, browser: Client, history: History
) -> None:
    browser.post(page(team.application, NEXT))
    age(team.application, hours=71)
    assert f"Back to {NEW}" in said(browser, page(team.application))
    refused = browser.post(page(team.application, OLD), follow=True).content.decode()
    assert "can go back to what it was moved from, for 72 hours." in refused
    age(team.application, hours=73)
    assert "Back to" not in said(browser, page(team.application))
    browser.post(page(team.application, NEW))
    assert held(team.application) == NEXT
    assert Event.objects.filter(type="application.revision_changed").count() == 1


def test_what_an_operator_did_is_there_with_the_reason(team: Team, browser: Client) -> None:
    pins.move(
        team.application,
        VERSION,
        to=OLD,
        actor=make.operator(),
        reason="You asked us to.",
        freely=True,
    )
    assert "You asked us to." in said(browser, page(team.application))


def test_the_explanation_of_an_unknown_revision_leads_here(team: Team, browser: Client) -> None:
    row = SimpleNamespace(code="revision_unknown", application_id=team.application.pk)
    mend = fixes.fix(cast("RequestRow", row), None)
    assert mend is not None
    assert mend.path == page(team.application)
    assert browser.get(mend.path).status_code == 200


def test_the_same_again_changes_nothing(team: Team, browser: Client) -> None:
    browser.post(page(team.application, NEW))
    assert not Event.objects.filter(type="application.revision_changed").exists()


@pytest.mark.parametrize("place", ["commerce/v1/2026-11-02", "commerce/v2/2026-11-01", "no/v1/x"])
def test_what_is_no_revision_is_not_found(team: Team, browser: Client, place: str) -> None:
    address = f"{page(team.application)}/{place}"
    assert [browser.get(address).status_code, browser.post(address).status_code] == [404, 404]


def test_who_may_only_read_sees_no_button(team: Team, history: History) -> None:
    auditor = Membership.objects.create(
        organization=team.organization, user=make.user(), role=Role.AUDITOR
    )
    reading = browsers.of(auditor.user)
    assert "Totals are rounded." in said(reading, page(team.application))
    assert "Move to" not in said(reading, page(team.application))
    assert reading.post(page(team.application, NEXT)).status_code == 403
    assert held(team.application) == NEW


def test_an_api_that_the_organization_may_not_know_of_is_not_shown(
    team: Team, browser: Client
) -> None:
    Api.objects.filter(slug="commerce").update(visibility=Api.Visibility.INTERNAL)
    assert "No API has dated revisions." in said(browser, page(team.application))
    assert browser.get(page(team.application, NEW)).status_code == 404
