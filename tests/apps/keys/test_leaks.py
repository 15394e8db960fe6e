"""A key that was found in public: reported by a partner, closed as the operator wants."""

import base64
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from pytest_django import Settings

from apps.core import clock, secrets
from apps.events.models import Event
from apps.keys import leaks, reporters, services
from apps.keys.models import Key, LeakReport
from apps.keys.services import Issued
from apps.keys.tasks import sweep
from apps.notifications.models import Message
from tests.support import make
from tests.support.outage import postgresql_away
from tests.support.queries import Queries

pytestmark = pytest.mark.django_db
ADDRESS = "/.well-known/secret-scanning"
PARTNER = ec.generate_private_key(ec.SECP256R1())
URL = "https://github.example/shop/blob/1/settings.py"


def listed(key: Any, identifier: str = "one") -> str:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    entry = {"key_identifier": identifier, "key": pem.decode(), "reporter": "GitHub"}
    return json.dumps({"public_keys": [entry | {"is_current": True}]})


@pytest.fixture(autouse=True)
def _partner(settings: Settings) -> None:
    settings.LEAK_REPORTERS = listed(PARTNER)


def sign(body: bytes, key: ec.EllipticCurvePrivateKey = PARTNER) -> str:
    return base64.b64encode(key.sign(body, ec.ECDSA(SHA256()))).decode()


def send(body: bytes, **headers: str) -> Any:
    signed = {
        "Github-Public-Key-Identifier": "one",
        "Github-Public-Key-Signature": sign(body),
        **headers,
    }
    return Client(enforce_csrf_checks=True).post(
        ADDRESS, body, content_type="application/json", headers=signed
    )


def found(*tokens: str, url: str = URL) -> bytes:
    entries = [
        {"token": token, "type": "acme_key", "url": url, "source": "content"} for token in tokens
    ]
    return json.dumps(entries).encode()


def live_key(**fields: Any) -> Issued:
    application = make.application(approved=True)
    return make.key(application, tenant=make.live(application.organization), **fields)


def state(issued: Issued) -> str:
    return Key.objects.get(pk=issued.key.pk).state


def test_a_sandbox_key_is_revoked_at_once_and_its_owners_read_where_it_was_found() -> None:
    issued, stranger = make.key(), make.key()
    unknown = secrets.mint("test")
    answer = send(found(issued.secret, unknown))
    assert answer.status_code == 200
    assert answer.json() == [
        {"token_raw": issued.secret, "token_type": "acme_key", "label": "true_positive"},
        {"token_raw": unknown, "token_type": "acme_key", "label": "false_positive"},
    ]
    assert (state(issued), state(stranger)) == ("revoked", "active")
    message = Message.objects.get()
    assert message.recipients == [issued.key.created_by.email]  # type: ignore[union-attr]  # make.key()'s
    assert URL in message.text
    assert "The key is revoked" in message.text
    event = Event.objects.get(type="key.leaked")
    assert (event.subject, event.actor, event.data["url"]) == (issued.key.pk, "system", URL)


def test_a_live_key_gets_a_day_and_then_ends() -> None:
    issued = live_key()
    send(found(issued.secret))
    assert state(issued) == "active"
    report = LeakReport.objects.get()
    assert report.policy == "grace"
    assert report.due_at == report.reported_at + timedelta(hours=24)
    assert "It is revoked on" in Message.objects.get().text
    sweep()
    assert state(issued) == "active"
    LeakReport.objects.update(due_at=clock.real())
    sweep()
    assert state(issued) == "revoked"
    assert "Found in public" in Key.objects.get(pk=issued.key.pk).revoked_reason
    sweep()
    assert Event.objects.filter(type="key.revoked").count() == 1
    assert Message.objects.count() == 1


def test_a_publishable_key_is_public_anyway() -> None:
    issued = live_key(kind="p")
    send(found(issued.secret))
    assert LeakReport.objects.get().policy == "notify"
    LeakReport.objects.update(due_at=clock.real())
    sweep()
    assert state(issued) == "active"


def test_the_operator_says_what_happens_for_each_environment_and_kind(settings: Settings) -> None:
    settings.LEAK_POLICY = "test:notify,test_r:revoke"
    secret, restricted, live = make.key(), make.key(kind="r"), live_key()
    send(found(secret.secret, restricted.secret, live.secret))
    assert [state(issued) for issued in (secret, restricted, live)] == [
        "active",
        "revoked",
        "active",
    ]
    assert not LeakReport.objects.exclude(due_at=None).exists()


def test_an_operator_can_let_a_key_live_on() -> None:
    issued = live_key()
    send(found(issued.secret))
    report = LeakReport.objects.get()
    leaks.dismiss(report, reason="A test of ours.", actor=make.operator())
    LeakReport.objects.filter(pk=report.pk).update(due_at=clock.real())
    assert leaks.settle() == 0
    assert state(issued) == "active"
    assert Event.objects.get(type="key.leak_dismissed").data["reason"] == "A test of ours."


def test_neither_the_body_nor_the_token_is_kept_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    issued = live_key()
    send(found(issued.secret, url=f"https://x.example/?key={issued.secret}&also=1"))
    report = LeakReport.objects.get()
    assert report.url == "https://x.example/?key=***&also=1"
    kept = [str(LeakReport.objects.values().get()), Message.objects.get().text, caplog.text]
    kept += [str(event.data) for event in Event.objects.all()]
    assert not [text for text in kept if issued.secret in text]


def test_a_report_that_is_sent_again_changes_nothing() -> None:
    issued = live_key()
    body = found(issued.secret)
    labels = [send(body).json()[0]["label"] for _ in range(3)]
    assert labels == ["true_positive"] * 3
    assert LeakReport.objects.count() == 1
    assert Message.objects.count() == 1
    assert Event.objects.filter(type="key.leaked").count() == 1


def test_another_place_is_written_down_without_another_mail_up_to_a_number() -> None:
    issued = live_key()
    for number in range(leaks.MOST_PLACES + 5):
        leaks.report([leaks.Finding(issued.secret, f"{URL}#{number}")], reporter="GitHub")
    assert LeakReport.objects.count() == leaks.MOST_PLACES
    assert Message.objects.count() == 1
    first = LeakReport.objects.order_by("pk").first()
    assert first is not None
    assert first.due_at is not None


@pytest.mark.django_db(transaction=True)
def test_the_same_report_several_times_at_once_counts_once() -> None:
    issued = live_key()

    def attempt(_: int) -> None:
        try:
            leaks.report([leaks.Finding(issued.secret, URL)], reporter="GitHub")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt, range(4)))
    assert LeakReport.objects.count() == 1
    assert Message.objects.count() == 1


@pytest.mark.parametrize("ending", ["revoked_at", "expires_at"])
def test_a_key_that_opens_nothing_is_ours_and_troubles_nobody(ending: str) -> None:
    issued = make.key()
    Key.objects.filter(pk=issued.key.pk).update(**{ending: clock.real() - timedelta(hours=1)})
    assert send(found(issued.secret)).json()[0]["label"] == "true_positive"
    assert not LeakReport.objects.exists()
    assert not Message.objects.exists()


def test_a_key_that_is_being_handed_over_is_closed_too_and_its_successor_lives() -> None:
    issued = make.key()
    new = services.rotate(issued.key, actor=None)
    send(found(issued.secret))
    assert (state(issued), state(new)) == ("revoked", "active")


@pytest.mark.parametrize(
    "headers",
    [
        {"Github-Public-Key-Identifier": "two"},
        {"Github-Public-Key-Identifier": ""},
        {"Github-Public-Key-Signature": ""},
        {"Github-Public-Key-Signature": "not base64 at all"},
        {"Github-Public-Key-Signature": "é"},
        {"Github-Public-Key-Signature": sign(b"another body")},
        {"Github-Public-Key-Signature": sign(b"[]", ec.generate_private_key(ec.SECP256R1()))},
    ],
)
def test_what_nobody_signed_who_may_is_refused(headers: dict[str, str]) -> None:
    issued = make.key()
    answer = send(found(issued.secret), **headers)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "leak_signature_wrong"
    assert state(issued) == "active"
    assert not LeakReport.objects.exists()


def test_without_reporters_every_report_is_refused(settings: Settings) -> None:
    settings.LEAK_REPORTERS = ""
    issued = make.key()
    assert send(found(issued.secret)).status_code == 401
    assert state(issued) == "active"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"\xff",
        b'["x"]',
        b"[{}]",
        b'[{"token": 1}]',
        b'[{"token": null}]',
        b"[" * 100_000,
        json.dumps([{"token": "x"}] * 1001).encode(),
    ],
)
def test_what_is_signed_and_no_report_is_refused(body: bytes) -> None:
    answer = send(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "leak_report_malformed")


@pytest.mark.parametrize("token", ["", "x", "trl_test_k", "\x00", "é" * 60, "x" * 100_000])
def test_what_is_no_key_is_a_false_positive(token: str) -> None:
    answer = send(json.dumps([{"token": token, "url": 7, "source": None}]).encode())
    assert answer.json() == [{"token_raw": token, "token_type": "", "label": "false_positive"}]


def test_an_address_that_no_database_holds_breaks_nothing() -> None:
    issued = live_key()
    assert send(found(issued.secret, url="https://x\x00\n" + "y" * 5000)).status_code == 200
    assert LeakReport.objects.get().url == ("https://x" + "y" * 5000)[:500]


def test_a_report_that_is_too_large_is_not_read() -> None:
    answer = send(b" " * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "leak_report_too_large")
    announced = partial(Client().post, ADDRESS, b"[]", content_type="application/json")
    answer = announced(headers={"Content-Length": "9" * 19})
    assert answer.status_code == 413


def test_reports_are_throttled_by_address() -> None:
    for _ in range(60):
        assert send(b"[]").status_code == 200
    answer = send(b"[]")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert answer["Retry-After"] == "60"


def test_only_post_is_a_report() -> None:
    answer = Client().get(ADDRESS)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_many_tokens_cost_as_few_queries_as_two() -> None:
    many = [leaks.Finding(secrets.mint("test")) for _ in range(100)]
    few = Queries().of(lambda: leaks.report(many[:2], reporter="GitHub"))
    assert Queries().of(lambda: leaks.report(many, reporter="GitHub")) == few


@pytest.mark.parametrize("text", ["test", "test:burn", "stage:revoke", "live_x:notify"])
def test_a_policy_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="TRELLIS_LEAK_POLICY"):
        leaks.policies(text)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        '{"public_keys": [{}]}',
        '{"public_keys": [{"key_identifier": "x", "key": "x"}]}',
        listed(rsa.generate_private_key(65537, 2048)),
        listed(ec.generate_private_key(ec.SECP384R1())),
    ],
)
def test_reporters_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="TRELLIS_LEAK_REPORTERS"):
        reporters.read(text)


@pytest.mark.django_db(transaction=True)
def test_a_report_that_finds_no_database_is_to_be_sent_again() -> None:
    issued = make.key()
    with postgresql_away():
        answer = send(found(issued.secret))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer["Retry-After"] == "2"
    assert send(found(issued.secret)).json()[0]["label"] == "true_positive"
    assert state(issued) == "revoked"
