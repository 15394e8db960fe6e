"""The page of an application's limits: what is left, until when, and asking for another plan."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock, valkey
from apps.orgs.models import Membership, Role
from apps.plans import changes, layout, notices, overrides, standing
from apps.plans import services as plans
from apps.plans.models import ChangeRequest, Plan, QuotaAlert
from tests.support import browsers, make

POLICIES: list[dict[str, Any]] = [
    {"name": "burst", "kind": "rate", "limit": 10, "window": 60, "burst": 20},
    {"name": "month", "kind": "quota", "limit": 5000, "period": "month"},
    {"name": "each", "kind": "quota", "scope": "key", "limit": 9, "period": "day"},
    {"name": "at_once", "kind": "concurrency", "limit": 4, "shadow": True},
]


@pytest.fixture
def application(developer: User) -> Application:
    made = make.application(developer.memberships.get().organization)
    version = plans.publish("mine", name="Mine", limits=POLICIES)
    plans.subscribe(made, version=version, actor=None)
    return made


@pytest.fixture
def pro() -> Plan:
    limits = [{"name": "burst", "kind": "rate", "limit": 900, "window": 1}]
    return plans.publish("pro", name="Pro", summary="For many.", limits=limits, is_public=True).plan


def page(application: Application) -> str:
    return f"/applications/{application.pk}/limits"


def shown(browser: Client, application: Application, **headers: Any) -> str:
    answer = browser.get(page(application), **headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_every_limit_says_what_is_left_and_when_it_is_whole(
    application: Application, developer: User
) -> None:
    policies = standing.held(application.pk).policies
    laid = layout.lay(policies, layout.Whom(application.pk), 6, time.time())
    keys, values = layout.arguments(laid, 1, token="req_1", life=60_000)
    valkey.client().register_script(layout.SCRIPT)(keys=keys, args=values)
    html = shown(browsers.of(developer), application)
    assert "10 requests per 60 s, 20 at once" in html
    assert re.search(r"14 left, whole again in 3\d s", html)
    assert "4,994 left, starts anew on" in html
    assert "3 left" in html
    assert "stands in RateLimit of every answer" in html
    assert html.count("shadow</span>") == 1
    assert "Mine, version 1, since" in html


def test_the_limits_alone_are_asked_for_again(application: Application, developer: User) -> None:
    html = shown(browsers.of(developer), application, HTTP_HX_REQUEST="true")
    assert html.startswith('<div id="limits"')
    assert "<h1" not in html


def test_an_override_says_until_when(application: Application, developer: User) -> None:
    ends_at = clock.real() + timedelta(days=3)
    overrides.override(
        application,
        limits=[POLICIES[1] | {"limit": 9000}],
        ends_at=ends_at,
        reason="A sale.",
        actor=None,
    )
    html = shown(browsers.of(developer), application)
    assert "9,000 units per month" in html
    assert f"until {ends_at:%-d %b %Y %H:%M} UTC" in html
    assert html.count("override</span>") == 1
    assert "A sale." in html


def test_a_developer_asks_for_a_plan_and_withdraws(
    application: Application, developer: User, pro: Plan
) -> None:
    browser = browsers.of(developer)
    html = shown(browser, application)
    assert "900 requests per second" in html
    assert "For many." in html
    asked = browser.post(page(application), {"plan": "pro", "reason": "We grow."}, follow=True)
    assert "You asked for Pro" in " ".join(asked.content.decode().split())
    assert "Ask for another plan" not in asked.content.decode()
    request = ChangeRequest.objects.get()
    assert (request.plan, request.reason, request.requested_by) == (pro, "We grow.", developer)
    browser.post(f"{page(application)}/withdraw")
    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert "Ask for another plan" in shown(browser, application)


def test_each_plan_that_is_offered_shows_what_its_newest_version_allows(
    application: Application, developer: User, pro: Plan
) -> None:
    for number in (100, 300, 700):
        limits = [{"name": "burst", "kind": "rate", "limit": number, "window": 1}]
        plans.publish("large", name="Large", limits=limits, is_public=True)
    offers = browsers.of(developer).get(page(application)).context["offers"]
    allowed = {offer.plan.slug: [policy.limit for policy in offer.policies] for offer in offers}
    assert allowed == {"large": [700], "pro": [900]}


def test_a_decision_stands_in_the_history(
    application: Application, developer: User, pro: Plan
) -> None:
    request = changes.request(application, plan=pro, reason="We grow.", actor=developer)
    changes.decline(request, reason="Not before the audit.", actor=make.operator())
    html = shown(browsers.of(developer), application)
    assert "Declined for the plan" in html
    assert "Not before the audit." in html


@pytest.mark.parametrize(
    "said", [{"plan": "pro"}, {"plan": "mine", "reason": "x"}, {"reason": "x"}]
)
def test_nonsense_asks_for_nothing(
    said: dict[str, str], application: Application, developer: User, pro: Plan
) -> None:
    answer = browsers.of(developer).post(page(application), said)
    assert answer.status_code == 200
    assert not ChangeRequest.objects.exists()


def test_a_second_request_is_refused_in_words(
    application: Application, developer: User, pro: Plan
) -> None:
    changes.request(application, plan=pro, reason="We grow.", actor=developer)
    said = {"plan": "pro", "reason": "Still."}
    browsers.of(developer).post(page(application), said)
    assert ChangeRequest.objects.count() == 1


def test_whoever_may_not_ask_is_told_who_may(
    application: Application, developer: User, pro: Plan
) -> None:
    other = make.user()
    Membership.objects.create(
        user=other, organization=application.organization, role=Role.DEVELOPER
    )
    browser = browsers.of(other)
    html = shown(browser, application)
    assert "whoever handles billing can ask" in html
    assert "Ask for this plan" not in html
    answer = browser.post(page(application), {"plan": "pro", "reason": "Mine."})
    assert answer.status_code == 403
    assert not ChangeRequest.objects.exists()


def test_an_application_of_others_has_no_page(application: Application, pro: Plan) -> None:
    stranger = browsers.of(make.developer())
    assert stranger.get(page(application)).status_code == 404
    said = {"plan": "pro", "reason": "Mine."}
    assert stranger.post(page(application), said).status_code == 404
    assert stranger.post(f"{page(application)}/withdraw").status_code == 404


def test_a_quota_that_runs_out_is_told_on_the_overview_and_here(
    application: Application, developer: User
) -> None:
    alert: dict[str, Any] = {
        "application": application,
        "policy": "month",
        "limit": 5000,
        "period": "month",
        "number": 1,
    }
    running = clock.real() + timedelta(days=1)
    for threshold, used in ((80, 4000), (100, 5000)):
        QuotaAlert.objects.create(**alert, threshold=threshold, used=used, ends_at=running)
    over = alert | {"policy": "old", "number": 0}
    QuotaAlert.objects.create(
        **over, threshold=80, used=4000, ends_at=clock.real() - timedelta(days=1)
    )
    assert [one.threshold for one in notices.of([application.pk])] == [100]
    browser = browsers.of(developer)
    for html in (shown(browser, application), browser.get("/overview").content.decode()):
        assert "The quota month of Invoicer is used up until" in html
        assert "80 % of the quota" not in html
    stranger = browsers.of(make.developer()).get("/overview").content.decode()
    assert "The quota month" not in stranger
