"""Signing out at the portal, because a client asks, and telling every client that knows of it."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from time_machine import TimeMachineFixture

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock
from apps.events import services as events
from apps.oauth import claims, logout, signing
from apps.oauth.models import AccessToken, Client, LogoutNotice, SignIn
from tests.support import make, oidc
from tests.support.relying import BACK, LOGOUT, asking, is_signed_in, signed_in

pytestmark = pytest.mark.django_db


def test_with_an_id_token_a_client_signs_its_user_out_and_has_them_back(
    browser: Browser, person: User, app: Client
) -> None:
    hint = signed_in(browser, person, app)
    wanted = asking(id_token_hint=hint, post_logout_redirect_uri=BACK, state="a b&c")
    answer = browser.get(wanted)
    assert (answer.status_code, answer["Location"]) == (303, f"{BACK}?state=a+b%26c")
    assert not is_signed_in(browser)
    assert LogoutNotice.objects.get().sid == "s1"


def test_an_expired_id_token_still_vouches(
    browser: Browser, person: User, app: Client, time_machine: TimeMachineFixture
) -> None:
    hint = signed_in(browser, person, app)
    time_machine.move_to(clock.real() + timedelta(hours=5))
    assert browser.get(asking(id_token_hint=hint)).status_code == 200
    assert not is_signed_in(browser)


def test_without_an_id_token_people_are_asked(browser: Browser, person: User, app: Client) -> None:
    signed_in(browser, person, app)
    wanted = {"client_id": app.client_id, "post_logout_redirect_uri": BACK}
    page = browser.get(asking(**wanted))
    assert page.status_code == 200
    assert person.email in page.content.decode()
    assert "https://shop.example" in page["Content-Security-Policy"]
    assert is_signed_in(browser)
    assert not LogoutNotice.objects.exists()
    answer = browser.post(f"{LOGOUT}/confirm?{urlencode(wanted)}")
    assert (answer.status_code, answer["Location"]) == (303, BACK)
    assert not is_signed_in(browser)
    assert LogoutNotice.objects.count() == 1


def test_another_site_cannot_confirm(person: User) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person)
    assert browser.post(f"{LOGOUT}/confirm").status_code == 403
    assert is_signed_in(browser)


def test_a_form_of_a_client_becomes_a_request_with_cookies(
    browser: Browser, person: User, app: Client
) -> None:
    hint = signed_in(browser, person, app)
    answer = browser.post(LOGOUT, {"id_token_hint": hint})
    assert (answer.status_code, answer["Location"]) == (303, asking(id_token_hint=hint))
    assert is_signed_in(browser)


@pytest.mark.parametrize("whose", ["somebody else's", "another session's", "forged"])
def test_a_hint_that_does_not_vouch_for_this_session_asks(
    browser: Browser, person: User, app: Client, whose: str
) -> None:
    signed_in(browser, person, app)
    other = make.user() if whose == "somebody else's" else person
    hint = claims.id_token(
        client=app, user=other, scopes=["openid"], sid="another", now=clock.real()
    )
    if whose == "forged":
        hint = f"{hint[:-6]}AAAAAA"
    page = browser.get(asking(id_token_hint=hint))
    assert page.status_code == 200
    assert b"csrfmiddlewaretoken" in page.content
    assert is_signed_in(browser)


def test_a_token_of_another_kind_is_no_hint(browser: Browser, person: User, app: Client) -> None:
    signed_in(browser, person, app)
    now = int(clock.real().timestamp())
    body = {"iss": "http://localhost:8000", "sub": person.pk, "aud": app.client_id, "exp": now + 60}
    for typ in ("at+jwt", "logout+jwt"):
        browser.get(asking(id_token_hint=signing.sign(body, typ=typ)))
        assert is_signed_in(browser)


def test_defect_5_an_unknown_client_at_logout_is_told_so(browser: Browser) -> None:
    for name in ("nobody", "\0", "x" * 5000, "☃"):
        answer = browser.get(asking(client_id=name))
        assert answer.status_code == 400
    assert is_signed_in(browser)


def test_nobody_is_sent_to_an_address_that_is_not_registered(
    browser: Browser, person: User, app: Client
) -> None:
    hint = signed_in(browser, person, app)
    for uri in ("https://evil.example/", f"{BACK}/x", f"{BACK}?x=1", "javascript:alert(1)", "//x"):
        answer = browser.get(asking(id_token_hint=hint, post_logout_redirect_uri=uri))
        assert answer.status_code == 400
        assert "Location" not in answer
    assert browser.get(asking(post_logout_redirect_uri=BACK)).status_code == 400
    assert is_signed_in(browser)


def test_a_hint_of_another_client_is_refused(browser: Browser, person: User, app: Client) -> None:
    hint = signed_in(browser, person, app)
    answer = browser.get(asking(id_token_hint=hint, client_id=oidc.client().client_id))
    assert answer.status_code == 400


def test_who_is_signed_out_already_is_led_back(client: Browser, app: Client) -> None:
    wanted = asking(client_id=app.client_id, post_logout_redirect_uri=BACK)
    assert client.get(wanted)["Location"] == BACK
    assert client.get(LOGOUT).status_code == 200


def test_signing_out_of_the_portal_tells_the_clients_that_know_of_the_session(
    browser: Browser, person: User, app: Client
) -> None:
    signed_in(browser, person, app)
    browser.post("/accounts/logout/")
    assert LogoutNotice.objects.get().client == app
    assert SignIn.objects.get().ended_at is not None


def test_signing_out_tells_no_client_that_never_knew(
    browser: Browser, person: User, app: Client
) -> None:
    SignIn.objects.create(sid="s1", user=person)
    silent = oidc.client()
    signed_in(browser, person, silent, sid="s2")
    browser.post("/accounts/logout/")
    assert not LogoutNotice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_closing_an_account_signs_out_at_every_client(
    browser: Browser, person: User, app: Client
) -> None:
    signed_in(browser, person, app)
    token = oidc.access_token(app, person)
    operator = make.operator()
    accounts.change_access(
        person, is_active=False, is_staff=False, is_superuser=False, actor=operator
    )
    assert LogoutNotice.objects.get().subject == person.pk
    answer = browser.get("/oauth/userinfo", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert AccessToken.objects.get().revoked_at is not None
    events.relay()
    assert LogoutNotice.objects.count() == 1


def test_ending_twice_tells_once(browser: Browser, person: User, app: Client) -> None:
    signed_in(browser, person, app)
    assert (logout.end(["s1", "unknown"]), logout.end(["s1"]), logout.end_all(person)) == (1, 0, 0)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that workers were told of."""
    told: list[str] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, **_: told.append(name))
    return told


def test_a_worker_is_told_of_notices_that_it_can_see(
    browser: Browser,
    person: User,
    app: Client,
    woken: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    signed_in(browser, person, app)
    with django_capture_on_commit_callbacks(execute=True):
        assert logout.end(["s1"]) == 1
        assert woken == []
    assert woken == ["oauth.send_logout_notices"]


def test_what_is_rolled_back_tells_nobody(
    browser: Browser, person: User, app: Client, woken: list[str]
) -> None:
    hint = signed_in(browser, person, app)
    browser.raise_request_exception = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.views.sign_out._done", lambda *_: 1 / 0)
        assert browser.get(asking(id_token_hint=hint)).status_code == 500
    assert not LogoutNotice.objects.exists()
    assert woken == []
