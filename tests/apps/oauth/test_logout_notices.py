"""Clients hear that a session ended, wherever they are and however they answer."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings
from time_machine import TimeMachineFixture

from apps.accounts.models import User
from apps.core import clock, outgoing
from apps.oauth import logout, sessions, signing
from apps.oauth.models import Client, LogoutNotice, SignIn
from tests.support import oidc
from tests.support.relying import Handler, Relying, signed_in

pytestmark = pytest.mark.django_db


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
    with pytest.raises(outgoing.Unreachable):
        outgoing.post(url, {})


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
    with pytest.raises(outgoing.Unreachable, match="private network"):
        outgoing.post(f"https://{host}/logout", {})


def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "DEADLINE", 0.3)
    stop = threading.Event()

    class Dripping(Handler):
        def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
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
        with pytest.raises(outgoing.Unreachable):
            outgoing.post(f"http://127.0.0.1:{server.server_port}/", {})
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
    with pytest.raises(outgoing.Unreachable):
        outgoing.post("https://many.example/logout", {})
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
