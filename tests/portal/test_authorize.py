"""An end user signs in, reads what an application asks for, and answers."""

import re
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.events.models import Event
from apps.oauth import consents
from apps.oauth.models import Client, Consent, Grant
from apps.tenants.models import Membership, Tenant
from tests.portal.conftest import Team
from tests.support import consent, make

ORIGIN = "https://client.example"


@pytest.fixture
def client_of_team(team: Team) -> Client:
    return consent.client(team.application)


def policy(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in filter(None, parts)}


def test_the_page_says_who_asks_for_what_and_who_one_is(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    page = consent.ask(browser, client_of_team)
    said = page.content.decode()
    for words in ("Ledger", team.organization.name, "orders:read", team.developer.email):
        assert words in said
    assert "Not verified" in said
    assert "Each access lasts one hour" in said
    assert not Grant.objects.exists()


@pytest.mark.spec("RFC 9207", "2")
def test_allowing_brings_a_code_the_state_and_who_answers(
    browser: Browser, team: Team, client_of_team: Client, settings: Any
) -> None:
    page = consent.ask(browser, client_of_team, nonce="n1")
    answer = consent.allow(browser, page, team.developer)
    said = consent.said(answer)
    assert answer["Location"].startswith(f"{consent.CALLBACK}?")
    assert (said["state"], said["iss"]) == ("xyz", settings.PORTAL_URL)
    [grant] = Grant.objects.all()
    assert grant.code != said["code"]
    assert (grant.user, grant.tenant, grant.scope) == (team.developer, team.sandbox, consent.SCOPES)
    assert (grant.nonce, grant.code_challenge_method) == ("n1", "S256")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.spec("RFC 9207", "2")
def test_refusing_tells_the_client_so_and_who_answers(
    browser: Browser, team: Team, client_of_team: Client, settings: Any
) -> None:
    page = consent.ask(browser, client_of_team)
    said = consent.said(consent.allow(browser, page, team.developer, decision="deny"))
    assert (said["error"], said["state"], said["iss"]) == (
        "access_denied",
        "xyz",
        settings.PORTAL_URL,
    )
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()


def test_only_this_page_lets_its_form_end_at_the_client(
    browser: Browser, client_of_team: Client
) -> None:
    shown = policy(consent.ask(browser, client_of_team))
    assert shown["form-action"] == ["'self'", ORIGIN]
    assert shown["frame-ancestors"] == ["'none'"]
    assert policy(browser.get(reverse("portal:connections")))["form-action"] == ["'self'"]


def test_the_answer_stands_until_scopes_widen(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    again = consent.ask(browser, client_of_team)
    assert "code" in consent.said(again)
    fewer = consent.ask(browser, client_of_team, scope="openid")
    assert "code" in consent.said(fewer)
    wider = consent.ask(browser, client_of_team, scope="openid orders:read orders:write")
    assert wider.status_code == 200
    assert "Ledger asks for more" in wider.content.decode()
    consent.allow(browser, wider, team.developer)
    assert Consent.objects.get().scopes == ["openid", "orders:read", "orders:write"]
    assert Event.objects.filter(type="consent.widened").count() == 1


def test_defect_9_approval_prompt_in_the_query_skips_nothing(
    browser: Browser, client_of_team: Client
) -> None:
    assert consent.ask(browser, client_of_team, approval_prompt="auto").status_code == 200


def test_defect_9_prompt_consent_asks_again(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    assert consent.ask(browser, client_of_team, prompt="consent").status_code == 200
    assert consent.ask(browser, client_of_team, prompt="select_account").status_code == 200


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1/cb", "http://localhost:4000/cb", "com.example.app:/cb"]
)
def test_a_public_client_that_others_could_stand_in_for_is_asked_for_every_time(
    browser: Browser, team: Team, uri: str
) -> None:
    of = consent.client(team.application, authentication="none", redirect_uris=[uri])
    page = consent.ask(browser, of, redirect_uri=uri)
    assert "code" in consent.said(consent.allow(browser, page, team.developer))
    assert consent.ask(browser, of, redirect_uri=uri).status_code == 200


def test_a_public_client_at_its_own_https_address_is_not(browser: Browser, team: Team) -> None:
    of = consent.client(team.application, authentication="none")
    consent.allow(browser, consent.ask(browser, of), team.developer)
    assert "code" in consent.said(consent.ask(browser, of))


def test_optional_scopes_can_be_left_out_and_are_not_asked_for_again(
    browser: Browser, team: Team
) -> None:
    Application.objects.filter(pk=team.application.pk).update(optional_scopes=["orders:write"])
    of = consent.client(team.application)
    wanted = "openid orders:read orders:write"
    page = consent.ask(browser, of, scope=wanted)
    assert [one.words.name for one in page.context["optional"]] == ["orders:write"]
    consent.allow(browser, page, team.developer, scope=[])
    assert Grant.objects.get().scope == consent.SCOPES
    assert "code" in consent.said(consent.ask(browser, of, scope=wanted))
    assert {grant.scope for grant in Grant.objects.all()} == {consent.SCOPES}


def test_a_required_scope_cannot_be_left_out(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    page = consent.ask(browser, client_of_team)
    consent.allow(browser, page, team.developer, scope=[])
    assert Grant.objects.get().scope == consent.SCOPES


def test_the_tenant_is_one_of_ones_own_and_of_the_clients_kind(
    browser: Browser, team: Team, client_of_team: Client, stranger: User
) -> None:
    theirs = make.sandbox(stranger.memberships.get().organization)
    page = consent.ask(browser, client_of_team)
    for tenant in (theirs, make.live(team.organization)):
        answer = consent.allow(browser, page, team.developer, tenant=tenant.pk)
        assert answer["Location"] == consent.url(client_of_team)
    assert not Grant.objects.exists()


def test_nobody_lets_a_client_act_in_a_suspended_organization(browser: Browser, team: Team) -> None:
    of = consent.client(make.application())
    page = consent.ask(browser, of)
    assert list(page.context["tenants"]) == [team.sandbox]
    team.organization.suspended_at = clock.real()
    team.organization.save(update_fields=["suspended_at"])
    assert list(consent.ask(browser, of).context["tenants"]) == []
    consent.allow(browser, page, team.developer)
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()


def test_with_several_tenants_one_has_to_choose_unless_the_request_names_one(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    second = make.sandbox(team.organization)
    assert consent.ask(browser, client_of_team).context["selected"] == ""
    page = consent.ask(browser, client_of_team, tenant=second.pk)
    assert page.context["selected"] == second.pk
    for tenant in (team.sandbox, second):
        consent.allow(browser, page, team.developer, tenant=tenant.pk)
    assert consent.ask(browser, client_of_team).status_code == 200
    named = consent.ask(browser, client_of_team, tenant=second.pk)
    assert "code" in consent.said(named)


def test_who_has_no_tenant_of_the_kind_can_only_refuse(client: Browser, team: Team) -> None:
    somebody = make.user()
    client.force_login(somebody)
    of = consent.client(team.application)
    page = consent.ask(client, of)
    assert "nothing it could act on" in page.content.decode()
    assert "error" in consent.said(consent.allow(client, page, somebody, decision="deny"))


def test_developers_may_continue_as_a_test_user_of_their_sandbox(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    page = consent.ask(browser, client_of_team)
    [mia, _jonas] = page.context["test_users"]
    answer = consent.allow(browser, page, team.developer, **{"as": str(mia.pk)})
    assert "code" in consent.said(answer)
    grant = Grant.objects.get()
    assert (grant.user, grant.tenant, grant.sid) == (mia.user, team.sandbox, "")
    event = Event.objects.get(type="consent.given")
    assert (event.actor, event.data["user"]) == (team.developer.pk, mia.user_id)


def test_nobody_else_sees_or_becomes_a_test_user(
    client: Browser, team: Team, client_of_team: Client, stranger: User
) -> None:
    make.sandbox(stranger.memberships.get().organization)
    real = make.user()
    Membership.objects.create(tenant=team.sandbox, user=real)
    billing = make.user()
    team.organization.memberships.create(user=billing, role="billing")
    mia = Membership.objects.filter(tenant=team.sandbox).order_by("pk")[0]
    for person in (stranger, real, billing):
        client.force_login(person)
        page = consent.ask(client, client_of_team)
        assert "test user" not in page.content.decode()
        answer = consent.allow(client, page, person, **{"as": str(mia.pk)})
        assert answer["Location"] == consent.url(client_of_team)
    assert not Grant.objects.exists()


def test_a_developer_becomes_no_real_person_and_nobody_of_live_data(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    real = make.user()
    place = Membership.objects.create(tenant=team.sandbox, user=real)
    page = consent.ask(browser, client_of_team)
    assert real.email not in page.content.decode()
    consent.allow(browser, page, team.developer, **{"as": str(place.pk)})
    assert not Grant.objects.exists()
    Application.objects.filter(pk=team.application.pk).update(
        state=Application.State.APPROVED, approved_scopes=["orders:read"]
    )
    team.application.refresh_from_db()
    live = consent.client(team.application, environment=Tenant.Kind.LIVE)
    assert consent.ask(browser, live).context["test_users"] == []


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:7 }}{% debug %}",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;b&gt;&#x3c;",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_clients_name_is_only_ever_text(browser: Browser, team: Team, name: str) -> None:
    of = consent.client(team.application, name=name)
    Application.objects.filter(pk=team.application.pk).update(name=name)
    page = consent.ask(browser, of)
    pages = [page.content.decode()]
    consent.allow(browser, page, team.developer)
    pages.append(browser.get(reverse("portal:connections")).content.decode())
    leaving = browser.get(consent.url(of), headers={"Sec-Fetch-Site": "same-origin"})
    pages.append(leaving.content.decode())
    for shown in pages:
        assert not re.search(r"<script>alert|<img src=x|<svg onload|' onmouseover='|1414", shown)
        assert "&lt;b&gt;&#x3c;" not in shown


def test_two_answers_at_once_make_one_consent(team: Team, client_of_team: Client) -> None:
    for scopes in (["openid"], ["openid", "orders:read"]):
        consents.give(
            client_of_team,
            user=team.developer,
            tenant=team.sandbox,
            scopes=scopes,
            actor=team.developer,
        )
    assert Consent.objects.get().scopes == ["openid", "orders:read"]


def test_no_claim_is_told_that_the_page_did_not_show(browser: Browser, team: Team) -> None:
    client = consent.client(team.application)
    consent.allow(browser, consent.ask(browser, client, scope="openid"), team.developer)
    more = {"scope": "openid", "claims": '{"id_token": {"email": null}}'}
    silent = consent.said(consent.ask(browser, client, prompt="none", **more))
    assert silent["error"] == "consent_required"
    page = consent.ask(browser, client, **more)
    assert "See your e-mail address" in page.content.decode()
