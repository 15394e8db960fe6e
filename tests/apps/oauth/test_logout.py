"""Signing out at the portal, because a client asks, and telling every client that knows of it."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client as Browser
from pytest_django.fixtures import Settings
from time_machine import TimeMachineFixture

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock
from apps.events import services as events
from apps.oauth import claims, logout, outbound, sessions, signing
from apps.oauth.models import AccessToken, Client, LogoutNotice, SignIn
from tests.support import make, oidc

pytestmark = pytest.mark.django_db

BACK = "https://shop.example/bye"
LOGOUT = "/oauth/logout"


class Relying(HTTPServer):
    """A client's server: keeps what it is told, answers what the test wants."""

    told: list[dict[str, str]]
    status: int


class Handler(BaseHTTPRequestHandler):
    server: Relying

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.told.append({name: value for name, [value] in parse_qs(body).items()})
        self.send_response(self.server.status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def relying() -> Iterator[Relying]:
    server = Relying(("127.0.0.1", 0), Handler)
    server.told, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(relying: Relying) -> Client:
    return oidc.client(
        post_logout_redirect_uris=BACK,
        backchannel_logout_uri=f"http://127.0.0.1:{relying.server_port}/logout",
    )


@pytest.fixture
def person() -> User:
    return make.user()


@pytest.fixture
def browser(person: User) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser


def signed_in(browser: Browser, person: User, app: Client, sid: str = "s1") -> str:
    """Let ``app`` know of the browser's session, and return the ID token that it got."""
    SignIn.objects.create(sid=sid, user=person)
    session = browser.session
    session[sessions.NAME] = sid
    session.save()
    return claims.id_token(client=app, user=person, scopes=["openid"], sid=sid, now=clock.real())


def is_signed_in(browser: Browser) -> bool:
    return SESSION_KEY in browser.session


def asking(**parameters: str) -> str:
    return f"{LOGOUT}?{urlencode(parameters)}"


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


def test_what_is_rolled_back_tells_nobody(browser: Browser, person: User, app: Client) -> None:
    hint = signed_in(browser, person, app)
    browser.raise_request_exception = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.views.sign_out._done", lambda *_: 1 / 0)
        assert browser.get(asking(id_token_hint=hint)).status_code == 500
    assert not LogoutNotice.objects.exists()


def test_a_client_is_told_with_a_logout_token(
    browser: Browser, person: User, app: Client, relying: Relying
) -> None:
    signed_in(browser, person, app)
    logout.end(["s1"])
    assert logout.send_due() == 1
    [told] = relying.told
    assert set(told) == {"logout_token"}
    known = oidc.verified(told["logout_token"], signing.jwks())
    assert oidc.header(told["logout_token"])["typ"] == "logout+jwt"
    assert known.pop("jti")
    assert known.pop("exp") - known.pop("iat") == 120
    assert known == {
        "iss": "http://localhost:8000",
        "sub": person.pk,
        "aud": app.client_id,
        "sid": "s1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert LogoutNotice.objects.get().done_at is not None
    assert logout.send_due() == 0
    assert len(relying.told) == 1


@pytest.mark.parametrize("status", [400, 500, 302, 307])
def test_a_client_that_does_not_understand_is_told_again_later_and_given_up(
    app: Client, relying: Relying, status: int, time_machine: TimeMachineFixture
) -> None:
    relying.status = status
    LogoutNotice.objects.create(client=app, subject="usr_x", sid="s1")
    for number, pause in enumerate(logout.PAUSES, start=1):
        assert logout.send_due() == 0
        notice = LogoutNotice.objects.get()
        assert (notice.attempts, notice.done_at) == (number, None)
        assert notice.last_error == f"It answered {status}."
        assert logout.send_due() == 0
        assert len(relying.told) == number, "not before its pause is over; no redirect followed"
        time_machine.move_to(clock.real() + pause)
    logout.send_due()
    assert LogoutNotice.objects.get().done_at is not None
    time_machine.move_to(clock.real() + timedelta(days=1))
    logout.send_due()
    assert len(relying.told) == len(logout.PAUSES) + 1


def test_two_workers_tell_once(
    browser: Browser, person: User, app: Client, relying: Relying
) -> None:
    signed_in(browser, person, app)
    logout.end(["s1"])
    name = LogoutNotice.objects.get().pk
    LogoutNotice.objects.update(due_at=clock.real() + logout.LEASE)  # as the other one leaves it
    assert logout.send(name) is False
    assert relying.told == []


def test_a_server_that_is_away_is_noted(browser: Browser, person: User) -> None:
    away = oidc.client(backchannel_logout_uri="http://127.0.0.1:9/logout")
    signed_in(browser, person, away)
    logout.end(["s1"])
    assert logout.send_due() == 0
    assert "ConnectionRefused" in LogoutNotice.objects.get().last_error


@pytest.mark.parametrize(
    ("portal", "url"),
    [
        ("http://localhost:8000", "http://shop.example/logout"),
        ("http://localhost:8000", "ftp://shop.example/"),
        ("http://localhost:8000", "https://user@shop.example/"),
        ("http://localhost:8000", "https:///"),
        ("http://localhost:8000", "https://shop.example:99999/"),
        ("https://portal.example", "http://127.0.0.1/logout"),
        ("https://portal.example", "http://localhost/logout"),
    ],
)
def test_addresses_that_may_not_be_called(settings: Settings, portal: str, url: str) -> None:
    settings.PORTAL_URL = portal
    with pytest.raises(outbound.Unreachable):
        outbound.post(url, {})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "2130706433",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "localhost",
    ],
)
def test_no_client_leads_us_into_our_own_network(settings: Settings, host: str) -> None:
    settings.PORTAL_URL = "https://portal.example"
    with pytest.raises(outbound.Unreachable, match="private network"):
        outbound.post(f"https://{host}/logout", {})


def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "DEADLINE", 0.3)
    stop = threading.Event()

    class Dripping(Handler):
        def do_POST(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not stop.wait(0.05):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return

    server = Relying(("127.0.0.1", 0), Dripping)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        began = clock.real()
        with pytest.raises(outbound.Unreachable):
            outbound.post(f"http://127.0.0.1:{server.server_port}/", {})
        assert clock.real() - began < timedelta(seconds=3)
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_name_with_many_silent_addresses_keeps_no_worker_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def silent(place: tuple[str, int], **_: Any) -> None:
        tried.append(place[0])
        raise TimeoutError

    many = [(2, 1, 6, "", (f"1.1.1.{number}", 443)) for number in range(1, 60)]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: many)
    monkeypatch.setattr("socket.create_connection", silent)
    with pytest.raises(outbound.Unreachable):
        outbound.post("https://many.example/logout", {})
    assert tried == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]


def test_a_session_gets_one_sid_and_a_new_one_after_it_ended(person: User) -> None:
    request: Any = type("Request", (), {"user": person, "session": {}})()
    name = sessions.sid(request)
    assert len(name) == 43
    assert sessions.sid(request) == name
    logout.end([name])
    assert sessions.sid(request) != name


def test_the_way_of_signing_in_is_said_in_the_words_of_rfc_8176(person: User) -> None:
    records = [{"method": "password", "at": 1}, {"method": "mfa", "type": "totp", "at": 2}]
    session = {
        "account_authentication_methods": records,
        "account_authentication_methods_user": person.pk,
    }
    request: Any = type("Request", (), {"user": person, "session": session})()
    sessions.sid(request)
    assert SignIn.objects.get().methods == ["otp", "pwd", "mfa"]


def test_sessions_and_notices_of_long_ago_are_forgotten(person: User, app: Client) -> None:
    long_ago, lately = clock.real() - timedelta(days=91), clock.real() - timedelta(days=89)
    for name, fields in {
        "ended": {"ended_at": long_ago},
        "lately": {"ended_at": lately},
        "running": {"began_at": long_ago},
        "lost": {"began_at": clock.real() - timedelta(days=400)},
    }.items():
        SignIn.objects.create(sid=name, user=person, **fields)
    LogoutNotice.objects.create(client=app, subject="x", sid="ended", done_at=long_ago)
    LogoutNotice.objects.create(client=app, subject="x", sid="waiting")
    sessions.forget()
    assert set(SignIn.objects.values_list("sid", flat=True)) == {"lately", "running"}
    assert LogoutNotice.objects.get().sid == "waiting"
