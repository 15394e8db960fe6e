"""People see where they are signed in, and end it; what matters most wants a new proof."""

from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse
from zeal import zeal_ignore

from apps.accounts.models import BrowserSession
from apps.applications.models import Application
from apps.core import clock, valkey
from apps.keys.models import Key
from apps.oauth.models import SignIn
from apps.oauth.sessions import NAME
from apps.orgs.models import Membership, Role
from portal import devices
from tests.portal.conftest import Team
from tests.support import browsers, make

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)
NEW = "battery-staple-7y"


def open_page(browser: Client, agent: str = FIREFOX) -> Any:
    return browser.get(reverse("portal:settings-sessions"), headers={"user-agent": agent})


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("curl/8.0", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, said: str) -> None:
    assert devices.name(agent) == said


def test_the_list_names_each_browser_and_this_one(browser: Client, team: Team) -> None:
    phone = browsers.of(team.developer)
    open_page(phone, IPHONE)
    rows = open_page(browser).context["rows"]
    assert [(row["device"], row["here"]) for row in rows] == [
        ("Firefox on Windows", True),
        ("Safari on iPhone", False),
    ]
    assert rows[0]["session"].ip == "127.0.0.1"


def test_one_session_is_ended_with_what_clients_know_of_it(browser: Client, team: Team) -> None:
    phone = browsers.of(team.developer)
    known = SignIn.objects.create(sid="the-phone", user=team.developer)
    session = phone.session
    session[NAME] = known.sid
    session.save()
    open_page(phone, IPHONE)
    row = BrowserSession.objects.get(user_agent=IPHONE)
    open_page(browser)
    browser.post(reverse("portal:settings-sessions-end", args=[row.pk]))
    assert phone.get(reverse("portal:keys")).status_code == 302
    assert browser.get(reverse("portal:keys")).status_code == 200
    known.refresh_from_db()
    assert known.ended_at is not None


def test_nobody_ends_somebody_elses_session(browser: Client, newcomer: Client, team: Team) -> None:
    open_page(browser)
    row = BrowserSession.objects.get(user=team.developer)
    assert newcomer.post(reverse("portal:settings-sessions-end", args=[row.pk])).status_code == 404
    assert browser.get(reverse("portal:keys")).status_code == 200


def test_what_is_over_is_forgotten_at_the_next_sign_in(browser: Client, team: Team) -> None:
    open_page(browser)
    browser.logout()
    assert BrowserSession.objects.filter(user=team.developer).count() == 1
    open_page(browsers.of(team.developer))
    assert BrowserSession.objects.filter(user=team.developer).count() == 1


def test_what_is_the_same_for_everybody_reads_no_session(browser: Client, team: Team) -> None:
    for name in ("healthz", "theme-css", "icon", "favicon", "robots"):
        answer = browser.get(reverse(f"portal:{name}"))
        assert answer.status_code == 200
        assert "Cookie" not in answer.get("Vary", "")


def test_all_others_are_ended_at_once(browser: Client, newcomer: Client, team: Team) -> None:
    others = [browsers.of(team.developer) for _ in range(2)]
    browser.post(reverse("portal:settings-sessions-end-others"))
    assert [one.get(reverse("portal:keys")).status_code for one in others] == [302, 302]
    assert browser.get(reverse("portal:keys")).status_code == 200
    assert newcomer.get(reverse("portal:keys")).status_code == 200


def test_a_new_password_ends_the_other_sessions(browser: Client, team: Team) -> None:
    elsewhere = browsers.of(team.developer)
    known = SignIn.objects.create(sid="elsewhere", user=team.developer)
    session = elsewhere.session
    session[NAME] = known.sid
    session.save()
    before = browser.session.session_key
    form = {"oldpassword": make.PASSWORD, "password1": NEW, "password2": NEW}
    browser.post(reverse("account_change_password"), form)
    assert elsewhere.get(reverse("portal:keys")).status_code == 302
    assert browser.get(reverse("portal:keys")).status_code == 200
    assert browser.session.session_key != before
    known.refresh_from_db()
    assert known.ended_at is not None


def test_a_session_is_known_by_its_place_when_its_name_changes(browser: Client, team: Team) -> None:
    open_page(browser)
    [before] = BrowserSession.objects.filter(user=team.developer)
    session = browser.session
    session.cycle_key()
    browser.cookies["sessionid"] = str(session.session_key)
    open_page(browser)
    [after] = BrowserSession.objects.filter(user=team.developer)
    assert (after.pk, after.began_at) == (before.pk, before.began_at)
    assert after.session_key != before.session_key


def live_form(team: Team) -> dict[str, Any]:
    approved = {"state": Application.State.APPROVED, "approved_scopes": ["orders:read"]}
    Application.objects.update(**approved)
    live = make.live(team.organization)
    return {
        "name": "Production",
        "kind": "k",
        "application": team.application.pk,
        "tenant": live.pk,
        "scopes": ["orders:read"],
    }


def test_a_live_key_wants_a_proof_of_the_last_quarter_of_an_hour(team: Team) -> None:
    form, known = live_form(team), Key.objects.count()
    stale = browsers.of(team.developer, ago=901)
    answer = stale.post(
        reverse("portal:keys-new"), form, headers={"referer": "http://testserver/keys/new"}
    )
    assert answer["Location"] == f"{reverse('account_reauthenticate')}?next=%2Fkeys%2Fnew"
    assert Key.objects.count() == known
    back = stale.post(answer["Location"], {"password": make.PASSWORD})
    assert back["Location"] == "/keys/new"
    made = stale.post(reverse("portal:keys-new"), form)
    assert made.status_code == 200
    assert Key.objects.count() == known + 1


def test_a_sandbox_key_wants_none(team: Team) -> None:
    form = live_form(team) | {"tenant": team.sandbox.pk}
    known = Key.objects.count()
    browsers.of(team.developer, ago=9999).post(reverse("portal:keys-new"), form)
    assert Key.objects.count() == known + 1


def test_a_developer_makes_no_live_key(team: Team) -> None:
    form, known = live_form(team), Key.objects.count()
    member = Membership.objects.create(
        organization=team.organization, user=make.user(), role=Role.DEVELOPER
    )
    answer = browsers.of(member.user).post(reverse("portal:keys-new"), form)
    assert answer.status_code == 403
    assert "This takes owner or admin." in answer.content.decode()
    assert Key.objects.count() == known


def test_a_wrong_password_proves_nothing(team: Team) -> None:
    stale = browsers.of(team.developer, ago=9999)
    asked = stale.get(reverse("account_change_password"))
    refused = stale.post(asked["Location"], {"password": "not-this-one"})
    assert refused.status_code == 200
    assert stale.get(reverse("account_change_password"))["Location"] == asked["Location"]


def test_a_page_of_another_site_is_no_way_back(team: Team) -> None:
    form, known = live_form(team), Key.objects.count()
    stale = browsers.of(team.developer, ago=901)
    for came in ("https://evil.example/keys/new", "//evil.example/keys", "javascript:alert(1)", ""):
        for header in ("referer", "HX-Current-URL"):
            answer = stale.post(reverse("portal:keys-new"), form, headers={header: came})
            start = quote(reverse("portal:overview"), safe="")
            assert answer["Location"] == f"{reverse('account_reauthenticate')}?next={start}"
    assert Key.objects.count() == known


def test_a_proof_leads_nowhere_else(team: Team) -> None:
    stale = browsers.of(team.developer, ago=9999)
    answer = stale.post(
        reverse("portal:settings-sessions-end-others"), headers={"referer": "https://evil.example/"}
    )
    assert answer["Location"] == reverse("portal:settings-sessions")
    away = stale.post(
        f"{reverse('account_reauthenticate')}?next=https://evil.example/",
        {"password": make.PASSWORD},
    )
    assert away["Location"].startswith("/")


def totp(team: Team) -> str:
    secret = str(generate_totp_secret())
    TOTP.activate(team.developer, secret)
    return secret


def code(secret: str) -> str:
    step = int(clock.real().timestamp()) // 30
    return str(format_hotp_value(hotp_value(secret, step)))


def test_the_secret_of_an_app_is_sealed(team: Team) -> None:
    secret = totp(team)
    assert secret not in str(Authenticator.objects.get().data)


def test_a_passkey_is_offered_to_whoever_has_one(client: Client, team: Team) -> None:
    totp(team)
    email = team.developer.email
    EmailAddress.objects.create(user=team.developer, email=email, verified=True, primary=True)
    with zeal_ignore():
        client.post(reverse("account_login"), {"login": email, "password": make.PASSWORD})
        without = client.get(reverse("mfa_authenticate")).content.decode()
    assert "recovery code" in without
    assert "Use a passkey" not in without


def test_a_code_is_good_once_also_when_valkey_forgot_it(client: Client, team: Team) -> None:
    secret, email = totp(team), team.developer.email
    EmailAddress.objects.create(user=team.developer, email=email, verified=True, primary=True)
    credentials = {"login": team.developer.email, "password": make.PASSWORD}
    answers, names = [], []
    with zeal_ignore():
        spent = code(secret)
        for _ in range(2):
            client.logout()
            step = client.post(reverse("account_login"), credentials)
            assert step["Location"] == reverse("mfa_authenticate")
            assert client.get(reverse("portal:keys")).status_code == 302
            names.append(client.session.session_key)
            answers.append(client.post(reverse("mfa_authenticate"), {"code": spent}))
            names.append(client.session.session_key)
            valkey.client().flushdb()
    assert [answer.status_code for answer in answers] == [302, 200]
    assert names[0] != names[1], "the session has another name once somebody is in"
