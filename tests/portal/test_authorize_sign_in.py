"""Signing in for a client: a request is kept, new proof asked for, and doubt ends on a page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse
from time_machine import TimeMachineFixture
from zeal import zeal_ignore

from apps.accounts.models import User
from apps.core import clock
from apps.oauth import pushed, signing
from apps.oauth.models import Client, Grant, PushedRequest
from tests.portal.conftest import Team
from tests.support import browsers, consent, make, oauth

ORIGIN = "https://client.example"


@pytest.fixture(autouse=True)
def _proved_addresses(team: Team, stranger: User) -> None:
    for person in (team.developer, stranger):
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)


def sign_in(browser: Browser, address: str, person: User) -> Any:
    with zeal_ignore():  # allauth looks an address up more than once
        return browser.post(address, {"login": person.email, "password": make.PASSWORD})


@pytest.fixture
def client_of_team(team: Team) -> Client:
    return consent.client(team.application)


def test_a_stranger_signs_in_first_and_keeps_the_request(client: Browser, team: Team) -> None:
    of = consent.client(team.application)
    sent = consent.ask(client, of)
    assert sent["Location"].startswith(reverse("account_login"))
    back = sign_in(client, sent["Location"], team.developer)
    assert back["Location"] == consent.url(of)


def test_the_sign_in_page_says_which_application_waits(client: Browser, team: Team) -> None:
    of = consent.client(team.application)
    sent = consent.ask(client, of)["Location"]
    waits = f"Then {of.name} can ask you"
    for page in (sent, sent.replace(reverse("account_login"), reverse("account_signup"))):
        shown = client.get(page).content.decode()
        assert waits in shown
        assert "first API call" not in shown
    plain = reverse("account_login")
    for elsewhere in ("", "?next=/keys", "?next=http://[", f"?next={reverse('portal:authorize')}"):
        shown = client.get(plain + elsewhere).content.decode()
        assert "can ask you" not in shown
        assert "first API call" in shown


def test_defect_5_prompt_none_is_answered_without_a_page(
    client: Browser, browser: Browser, team: Team, client_of_team: Client
) -> None:
    assert consent.said(consent.ask(client, client_of_team, prompt="none"))["error"] == (
        "login_required"
    )
    asked = consent.said(consent.ask(browser, client_of_team, prompt="none"))
    assert (asked["error"], asked["state"]) == ("consent_required", "xyz")
    assert asked["iss"] == settings.PORTAL_URL
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    assert "code" in consent.said(consent.ask(browser, client_of_team, prompt="none"))


def test_prompt_none_is_no_way_around_being_asked_every_time(browser: Browser, team: Team) -> None:
    uri = "http://127.0.0.1/cb"
    of = consent.client(team.application, authentication="none", redirect_uris=[uri])
    consent.allow(browser, consent.ask(browser, of, redirect_uri=uri), team.developer)
    silent = consent.said(consent.ask(browser, of, redirect_uri=uri, prompt="none"))
    assert silent["error"] == "consent_required"
    assert "code" not in silent


def test_prompt_none_speaks_for_the_person_that_the_hint_names(
    browser: Browser, team: Team, client_of_team: Client, stranger: User
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)

    def hint(user: User, of: str) -> str:
        claims = {"iss": settings.PORTAL_URL, "sub": user.pk, "aud": of, "iat": 1, "exp": 2}
        return signing.sign(claims)

    mine = client_of_team.client_id
    right = hint(team.developer, mine)
    assert "code" in consent.said(
        consent.ask(browser, client_of_team, prompt="none", id_token_hint=right)
    )
    for wrong in (hint(stranger, mine), hint(team.developer, "cli_other"), "a.b.c", "x"):
        silent = consent.ask(browser, client_of_team, prompt="none", id_token_hint=wrong)
        assert consent.said(silent)["error"] == "login_required"
        shown = consent.ask(browser, client_of_team, id_token_hint=wrong)
        assert shown.status_code == 200


def test_defect_9_max_age_wants_a_new_sign_in_and_keeps_the_request(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    browsers.prove(browser, team.developer, ago=600)
    assert "code" in consent.said(consent.ask(browser, client_of_team, max_age="700"))
    silent = consent.ask(browser, client_of_team, max_age="60", prompt="none")
    assert consent.said(silent)["error"] == "login_required"
    sent = consent.ask(browser, client_of_team, max_age="60")
    assert sent["Location"].startswith(reverse("account_reauthenticate"))
    page = browser.get(sent["Location"]).content.decode()
    assert f"{client_of_team.name} wants to be sure that it is you, and then goes on." in page
    assert "If it was a button that led here" not in page
    back = browser.post(sent["Location"], {"password": make.PASSWORD})
    assert back["Location"] == consent.url(client_of_team, max_age="60")
    before = Grant.objects.count()
    assert "code" in consent.said(browser.get(back["Location"]))
    grant = Grant.objects.order_by("-pk")[0]
    assert Grant.objects.count() == before + 1
    assert grant.auth_time is not None
    assert clock.real() - grant.auth_time < timedelta(seconds=30)


@pytest.mark.parametrize("asks", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_new_sign_in_is_good_for_one_code(
    browser: Browser, team: Team, client_of_team: Client, asks: dict[str, str]
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    for _ in range(2):
        sent = consent.ask(browser, client_of_team, **asks)
        assert sent["Location"].startswith(reverse("account_reauthenticate"))
        back = browser.post(sent["Location"], {"password": make.PASSWORD})
        assert "code" in consent.said(browser.get(back["Location"]))


def test_who_was_asked_to_sign_in_again_and_did_not_is_asked_again(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    before = Grant.objects.count()
    for _ in range(2):  # opened twice: having been asked is no answer
        sent = consent.ask(browser, client_of_team, prompt="login")
        assert sent["Location"].startswith(reverse("account_reauthenticate"))
    assert Grant.objects.count() == before


def test_a_new_sign_in_answers_for_ten_minutes(
    browser: Browser, team: Team, client_of_team: Client, time_machine: TimeMachineFixture
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    before = Grant.objects.count()
    sent = consent.ask(browser, client_of_team, prompt="login")
    back = browser.post(sent["Location"], {"password": make.PASSWORD})
    oauth.later(time_machine, 601)
    late = browser.get(back["Location"])
    assert late["Location"].startswith(reverse("account_reauthenticate"))
    assert Grant.objects.count() == before


def test_the_consent_form_cannot_go_around_a_new_sign_in(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    page = consent.ask(browser, client_of_team)
    query = page.context["action"] + "&prompt=login"
    answer = browser.post(
        query, {"user": team.developer.pk, "tenant": team.sandbox.pk, "decision": "allow"}
    )
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Grant.objects.exists()


def test_no_link_ends_the_session_of_who_has_nothing_to_prove_by(
    browser: Browser, team: Team, client_of_team: Client, stranger: User
) -> None:
    team.developer.set_unusable_password()
    team.developer.save()
    browser.force_login(team.developer)
    page = consent.ask(browser, client_of_team, prompt="login")
    assert page.status_code == 200
    assert browser.session["_auth_user_id"] == team.developer.pk
    assert browser.get(reverse("portal:connections")).status_code == 200
    sent = browser.post(page.context["action"], {"decision": "switch"})
    assert "_auth_user_id" not in browser.session
    back = sign_in(browser, sent["Location"], stranger)
    assert back["Location"] == consent.url(client_of_team, prompt="login")
    assert browser.get(back["Location"]).context["action"], "it is asked for consent"


def test_who_does_not_sign_in_again_goes_back_and_stays_signed_in(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    User.objects.filter(pk=team.developer.pk).update(password="!")
    browser.force_login(User.objects.get(pk=team.developer.pk))
    page = consent.ask(browser, client_of_team, prompt="login")
    assert ORIGIN in page["Content-Security-Policy"]
    back = browser.post(page.context["action"], {"decision": "deny"})
    assert consent.said(back)["error"] == "access_denied"
    assert browser.session["_auth_user_id"] == team.developer.pk
    assert not Grant.objects.exists()


def test_another_account_can_be_used_and_the_request_is_kept(
    browser: Browser, team: Team, client_of_team: Client, stranger: User
) -> None:
    sandbox = make.sandbox(stranger.memberships.get().organization)
    page = consent.ask(browser, client_of_team)
    sent = consent.allow(browser, page, team.developer, decision="switch")
    back = sign_in(browser, sent["Location"], stranger)
    page = browser.get(back["Location"])
    consent.allow(browser, page, stranger)
    assert Grant.objects.get().tenant == sandbox


def test_an_answer_to_somebody_elses_page_is_asked_again(
    browser: Browser, team: Team, client_of_team: Client, stranger: User
) -> None:
    page = consent.ask(browser, client_of_team)
    answer = consent.allow(browser, page, stranger, tenant=team.sandbox.pk)
    assert answer["Location"] == consent.url(client_of_team)
    assert not Grant.objects.exists()


def test_a_pushed_request_survives_sign_in_and_is_good_once(client: Browser, team: Team) -> None:
    of = consent.client(team.application, par_required=True)
    parameters = consent.query(of)
    uri = pushed.PREFIX + "something-random"
    PushedRequest.objects.create(
        digest=pushed._digest(uri),
        client=of,
        parameters=list(parameters.items()),
        expires_at=clock.real() + timedelta(seconds=60),
    )
    address = f"{reverse('portal:authorize')}?client_id={of.client_id}&request_uri={uri}"
    sent = client.get(address)
    back = sign_in(client, sent["Location"], team.developer)
    page = client.get(back["Location"])
    assert consent.said(consent.allow(client, page, team.developer))["state"] == "xyz"
    again = client.get(address)
    assert again.status_code == 400
    assert "invalid_request_uri" in again.content.decode()


def test_what_one_client_pushed_is_nothing_for_another_in_the_same_browser(
    browser: Browser, team: Team
) -> None:
    of, other = (consent.client(team.application, par_required=True) for _ in range(2))
    uri = pushed.PREFIX + "something-random"
    PushedRequest.objects.create(
        digest=pushed._digest(uri),
        client=of,
        parameters=list(consent.query(of).items()),
        expires_at=clock.real() + timedelta(seconds=60),
    )
    address = f"{reverse('portal:authorize')}?request_uri={uri}&client_id="
    page = browser.get(address + of.client_id)
    refused = browser.get(address + other.client_id)
    assert refused.status_code == 400
    assert "invalid_request_uri" in refused.content.decode()
    consent.allow(browser, page, team.developer)
    assert Grant.objects.get().application == of, "its own client has it still"


def test_a_client_that_has_to_push_is_refused_otherwise(browser: Browser, team: Team) -> None:
    of = consent.client(team.application, par_required=True)
    assert consent.said(consent.ask(browser, of))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "client_id=",
        "client_id=nobody",
        "client_id=a%00b",
        "client_id=a&client_id=b",
        "client_id={id}",
        "client_id={id}&redirect_uri=https://evil.example/",
        "client_id={id}&request_uri=urn:ietf:params:oauth:request_uri:x",
        "client_id={id}&request_uri=https://client.example/r",
        "client_id={id}&redirect_uri=https://client.example/cb%00",
    ],
)
def test_a_request_in_doubt_ends_on_a_page(
    browser: Browser, client_of_team: Client, query: str
) -> None:
    for address in (reverse("portal:authorize"), reverse("portal:authorize-decide")):
        send = browser.post if address.endswith("decide") else browser.get
        answer = send(f"{address}?{query.format(id=client_of_team.client_id)}")
        assert answer.status_code == 400
        assert "This request cannot be answered" in answer.content.decode()


def test_a_request_may_come_as_a_form_from_elsewhere(team: Team) -> None:
    strict = Browser(enforce_csrf_checks=True)
    of = consent.client(team.application)
    answer = strict.post(reverse("portal:authorize"), consent.query(of))
    assert (answer.status_code, answer["Location"]) == (303, consent.url(of))


def test_an_answer_without_our_form_is_refused(team: Team) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(team.developer)
    page = consent.ask(strict, consent.client(team.application))
    assert consent.allow(strict, page, team.developer).status_code == 403
    assert not Grant.objects.exists()


def test_after_a_form_of_our_own_a_page_moves_on_instead_of_a_redirect(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    page = browser.get(consent.url(client_of_team), headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 200
    [url] = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert url.startswith(f"{consent.CALLBACK}?code=")


def test_a_closed_account_answers_nothing(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    User.objects.filter(pk=team.developer.pk).update(is_active=False)
    assert consent.ask(browser, client_of_team)["Location"].startswith(reverse("account_login"))
