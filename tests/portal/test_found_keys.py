"""Pasting a key: whoever found one reports it, whoever holds one learns what it is."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.core import clock, secrets
from apps.keys.models import Key, LeakReport
from apps.notifications.models import Message
from tests.portal.conftest import Team
from tests.support import make

FOUND = "/found-a-key"


def paste(client: Client, text: str, url: str = "") -> tuple[int, str]:
    answer = client.post(FOUND, {"text": text, "url": url})
    return answer.status_code, answer.get("Location", "")


def test_a_found_key_is_closed_like_a_trusted_report_and_its_owners_read_where_it_was(
    client: Client, team: Team
) -> None:
    text = f'API_KEY = "{team.secret}"\nOTHER = 1'
    assert paste(client, text, "https://paste.example/1") == (302, f"{FOUND}?thanks=1")
    assert Key.objects.get(pk=team.key.pk).state == "revoked"
    assert "https://paste.example/1" in Message.objects.get().text
    assert LeakReport.objects.get().reporter == "the form “I found a key”"
    assert "Thank you" in client.get(f"{FOUND}?thanks=1").content.decode()


@pytest.mark.django_db
def test_whoever_pastes_hears_the_same_whether_it_was_a_key_or_not(client: Client) -> None:
    issued = make.key()
    nothing = [paste(client, text) for text in ("hello", secrets.mint("test"), "trl_test_k123")]
    assert not LeakReport.objects.exists()
    assert not Message.objects.exists()
    assert nothing == [paste(client, issued.secret)] * 3


@pytest.mark.django_db
def test_a_key_that_was_found_twice_is_written_about_once(client: Client) -> None:
    application = make.application(approved=True)
    issued = make.key(application, tenant=make.live(application.organization))
    for _ in range(3):
        paste(client, issued.secret)
    assert LeakReport.objects.count() == 1
    assert Message.objects.count() == 1
    assert Key.objects.get(pk=issued.key.pk).state == "active"


@pytest.mark.django_db
def test_pasting_is_throttled_by_the_address_that_proxies_vouch_for(
    client: Client, settings: Settings
) -> None:
    for number in range(10):
        answer = client.post(FOUND, {"text": "x"}, headers={"X-Forwarded-For": f"10.0.0.{number}"})
        assert answer.status_code == 302
    issued = make.key()
    refused = client.post(FOUND, {"text": issued.secret}, headers={"X-Forwarded-For": "10.1.1.1"})
    assert refused.status_code == 429
    assert Key.objects.get(pk=issued.key.pk).state == "active"
    settings.TRUSTED_PROXIES = 1
    forwarded = {"X-Forwarded-For": "10.1.1.1, 192.0.2.7"}
    assert client.post(FOUND, {"text": "x"}, headers=forwarded).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "x" * 20_001, "\x00"])
def test_what_cannot_be_a_paste_is_refused(client: Client, text: str) -> None:
    assert client.post(FOUND, {"text": text}).status_code == 200


def test_the_form_needs_its_token(team: Team) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(FOUND, {"text": team.secret}).status_code == 403
    assert Key.objects.get(pk=team.key.pk).state == "active"


def look(client: Client, text: str) -> str:
    answer = client.post(reverse("portal:keys-check"), {"text": text})
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def test_ones_own_key_is_told_with_state_scopes_and_last_use(browser: Client, team: Team) -> None:
    Key.objects.filter(pk=team.key.pk).update(
        last_used_at=clock.real() - timedelta(minutes=7), last_used_from="203.0.113.0/24"
    )
    page = look(browser, team.secret)
    for words in ("Key", "active", "orders:read", "7 min ago", "203.0.113.0/24", "Invoicer"):
        assert words in page
    assert team.secret not in page


def test_a_revoked_key_of_ones_own_is_told_as_revoked(browser: Client, team: Team) -> None:
    Key.objects.filter(pk=team.key.pk).update(revoked_at=clock.real())
    assert "revoked" in look(browser, team.secret)


def test_somebody_elses_key_looks_like_one_that_was_never_issued(
    browser: Client, team: Team
) -> None:
    theirs = make.key(scopes=("secret:scope",))
    form_token = re.compile(r"\b[A-Za-z0-9]{64}\b")
    page = look(browser, theirs.secret)
    never = look(browser, secrets.mint("test"))
    assert form_token.sub("", page) == form_token.sub("", never)
    assert "Not one of yours" in page
    assert "secret:scope" not in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (secrets.mint("live", kind="c"), "a client secret for live data"),
        (secrets.mint("test", kind="a"), "an access token for a sandbox"),
        (f" {secrets.mint('test')}", "something around it"),
        ("hello", "no key of ours"),
        (secrets.mint("test")[:-1], "no key of ours"),
        (secrets.mint("test")[:-6] + "000000", "The checksum is wrong"),
        ("trl_test_k" + "é" * 38, "no key of ours"),
    ],
    ids=["client secret", "token", "blank", "word", "cut", "changed", "letters"],
)
def test_what_is_no_key_is_told_by_its_shape(browser: Client, text: str, said: str) -> None:
    assert said in look(browser, text)


def test_checking_is_throttled(browser: Client, team: Team) -> None:
    for _ in range(30):
        look(browser, "x")
    assert browser.post(reverse("portal:keys-check"), {"text": "x"}).status_code == 429


def test_a_stranger_signs_in_before_checking(client: Client, team: Team) -> None:
    answer = client.post(reverse("portal:keys-check"), {"text": team.secret})
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
