"""A device is let in by its code, and what was let in can be turned out again."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock, ids
from apps.events.models import Event
from apps.oauth import consents, devices
from apps.oauth.models import AccessToken, Client, Consent, DeviceGrant, RefreshToken
from apps.oauth.models.client import GrantType
from tests.portal.conftest import Team
from tests.support import consent, make

CODE, DECIDE = "portal:device", "portal:device-decide"
UNKNOWN = "No device waits under this code."


@pytest.fixture
def tv(team: Team) -> Client:
    grants = [GrantType.DEVICE, GrantType.REFRESH]
    return consent.client(team.application, authentication="none", grant_types=grants)


def begun(tv: Client) -> str:
    return devices.begin(tv, scopes=["openid", "orders:read"]).user_code


def answer(browser: Browser, team: Team, code: str, **changed: Any) -> Any:
    form = {
        "user_code": code,
        "user": team.developer.pk,
        "tenant": team.sandbox.pk,
        "decision": "allow",
        **changed,
    }
    return browser.post(reverse(DECIDE), form)


def test_a_code_is_read_however_it_is_typed(browser: Browser, tv: Client) -> None:
    code = begun(tv)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        page = browser.post(reverse(CODE), {"user_code": typed})
        assert page.status_code == 200
        assert "Let a device with Ledger act for you?" in page.content.decode()
        assert "orders:read" in page.content.decode()
    assert DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZATION_PENDING


def test_the_device_of_a_suspended_application_waits_for_nobody(
    browser: Browser, team: Team, tv: Client
) -> None:
    code = begun(tv)
    Application.objects.update(state=Application.State.SUSPENDED)
    for page in (browser.post(reverse(CODE), {"user_code": code}), answer(browser, team, code)):
        assert f"{team.application} is suspended." in page.content.decode()
    assert DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZATION_PENDING
    assert not Consent.objects.exists()


@pytest.mark.spec("RFC 8628", "5.4")
def test_a_code_in_the_address_is_filled_in_and_allows_nothing(
    browser: Browser, tv: Client
) -> None:
    code = begun(tv)
    page = browser.get(f"{reverse(CODE)}?user_code={code}")
    assert f'value="{code}"' in page.content.decode()
    assert "Ledger" not in page.content.decode()
    assert DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZATION_PENDING


def test_allowing_lets_the_device_act_in_the_chosen_tenant(
    browser: Browser, team: Team, tv: Client
) -> None:
    page = answer(browser, team, begun(tv))
    assert "The device is connected" in page.content.decode()
    grant = DeviceGrant.objects.get()
    assert (grant.status, grant.user, grant.tenant) == (
        DeviceGrant.AUTHORIZED,
        team.developer,
        team.sandbox,
    )
    assert Consent.objects.get().scopes == ["openid", "orders:read"]


def test_denying_turns_it_away(browser: Browser, team: Team, tv: Client) -> None:
    answer(browser, team, begun(tv), decision="deny")
    assert DeviceGrant.objects.get().status == DeviceGrant.DENIED
    assert not Consent.objects.exists()


def test_somebody_else_may_answer_instead_and_the_code_waits_for_them(
    browser: Browser, team: Team, tv: Client
) -> None:
    code = begun(tv)
    assert (
        "Use another account" in browser.post(reverse(CODE), {"user_code": code}).content.decode()
    )
    left = answer(browser, team, code, decision="switch")
    back = parse_qs(urlsplit(left["Location"]).query)["next"]
    assert urlsplit(left["Location"]).path == reverse("account_login")
    assert back == [f"{reverse(CODE)}?user_code={code}"]
    assert "_auth_user_id" not in browser.session
    assert DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZATION_PENDING


def test_a_code_is_answered_once(browser: Browser, team: Team, tv: Client) -> None:
    code = begun(tv)
    answer(browser, team, code, decision="deny")
    assert UNKNOWN in answer(browser, team, code).content.decode()
    assert DeviceGrant.objects.get().status == DeviceGrant.DENIED


def test_a_code_that_is_over_is_unknown(browser: Browser, team: Team, tv: Client) -> None:
    code = begun(tv)
    DeviceGrant.objects.update(expires=clock.real() - timedelta(seconds=1))
    for page in (browser.post(reverse(CODE), {"user_code": code}), answer(browser, team, code)):
        assert page.status_code == 200, "a typing error is no error of a browser's console"
        assert UNKNOWN in page.content.decode()
        assert f'value="{code}"' in page.content.decode()
    assert not Consent.objects.exists()


def test_defect_9_guessing_codes_is_slowed_down(browser: Browser, team: Team, tv: Client) -> None:
    code = begun(tv)
    for _ in range(5):
        assert UNKNOWN in browser.post(reverse(CODE), {"user_code": "BCDF-GHJK"}).content.decode()
    slowed = browser.post(reverse(CODE), {"user_code": code})
    assert slowed.status_code == 429
    assert "Try again in" in slowed.content.decode()
    assert answer(browser, team, code).status_code == 429
    assert DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZATION_PENDING


def test_another_persons_tenant_cannot_be_chosen(
    browser: Browser, team: Team, tv: Client, stranger: User
) -> None:
    theirs = make.sandbox(stranger.memberships.get().organization)
    sent = answer(browser, team, begun(tv), tenant=theirs.pk)
    assert sent["Location"] == reverse(CODE)
    assert DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZATION_PENDING


def test_nonsense_is_no_code(browser: Browser, team: Team) -> None:
    for typed in ("", "\0", "%", "x" * 5000, "\u0661\u0662"):
        assert browser.post(reverse(CODE), {"user_code": typed}).status_code in {200, 429}


@pytest.fixture
def connected(team: Team) -> Consent:
    of = consent.client(team.application)
    given = consents.give(
        of,
        user=team.developer,
        tenant=team.sandbox,
        scopes=["orders:read"],
        actor=team.developer,
    )
    family = "0190c2f6-0000-7000-8000-000000000001"
    owned = {"user": team.developer, "application": of, "tenant": team.sandbox}
    AccessToken.objects.create(
        **owned,
        token="a token",
        scope="orders:read",
        family=family,
        expires=clock.real() + timedelta(hours=1),
    )
    RefreshToken.objects.create(**owned, token="another token", token_family=family)
    return given


def test_connections_are_listed_in_words(browser: Browser, connected: Consent) -> None:
    page = browser.get(reverse("portal:connections")).content.decode()
    for words in ("Ledger", "orders:read", connected.tenant.name, "just now"):
        assert words in page


def test_scopes_stand_in_one_order_wherever_people_read_them(
    browser: Browser, team: Team, tv: Client
) -> None:
    names = ["payments:write", "email", "orders:read", "openid"]
    page = browser.post(
        reverse(CODE), {"user_code": devices.begin(tv, scopes=names).user_code}
    ).context
    consents.give(tv, user=team.developer, tenant=team.sandbox, scopes=names, actor=team.developer)
    (row,) = browser.get(reverse("portal:connections")).context["rows"]
    wanted = ["openid", "email", "orders:read", "payments:write"]
    assert [one.words.name for one in page["required"]] == wanted
    assert [words.name for words in row["scopes"]] == wanted


def test_disconnecting_asks_once_and_ends_every_token(browser: Browser, connected: Consent) -> None:
    address = reverse("portal:connections-revoke", args=[connected.pk])
    assert "Disconnect “Ledger”?" in browser.get(address).content.decode()
    assert AccessToken.objects.usable().exists()
    browser.post(address)
    assert not AccessToken.objects.usable().exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert Event.objects.filter(type__in=["consent.revoked", "token.revoked"]).count() == 2
    assert browser.post(address).status_code == 404


def test_nobody_sees_or_ends_anothers_connection(
    newcomer: Browser, browser: Browser, connected: Consent
) -> None:
    page = newcomer.get(reverse("portal:connections")).content.decode()
    assert "Nothing is connected" in page
    assert "curl" not in page.split("<main")[1], "no key is needed here"
    theirs = newcomer.post(reverse("portal:connections-revoke", args=[connected.pk]))
    random = newcomer.post(reverse("portal:connections-revoke", args=[ids.new("con")]))
    assert theirs.status_code == random.status_code == 404
    assert theirs.content == random.content
    assert AccessToken.objects.usable().exists()


def test_taking_a_scope_back_ends_the_tokens_that_hold_it(connected: Consent) -> None:
    consents.give(
        connected.client,
        user=connected.user,
        tenant=connected.tenant,
        scopes=["openid"],
        declined=["orders:read"],
        actor=connected.user,
    )
    assert not AccessToken.objects.usable().exists()
    connected.refresh_from_db()
    assert (connected.scopes, connected.declined) == (["openid"], ["orders:read"])


def test_every_scope_is_explained_to_everybody(client: Browser, db: None) -> None:
    make.scopes("orders:read")
    page = client.get(reverse("portal:scopes")).content.decode()
    for words in ("orders:read", "openid", "Know which account is yours"):
        assert words in page
