"""Without PostgreSQL everybody is told to come back, in the words that they understand."""

import logging
import socket
import time
from collections.abc import Iterator

import pytest
from django.db import DataError, InterfaceError, OperationalError, connection
from django.test import Client as Browser

from apps.applications.models import Application
from apps.core import outage
from config import env
from tests.support import make, management, oauth
from tests.support.management import Platform
from tests.support.outage import cut, postgresql_away

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api() -> Platform:
    return management.sandboxed()


@pytest.fixture
def quiet() -> Iterator[None]:
    """Django writes down what goes wrong; here it is wanted."""
    logging.getLogger("django.request").disabled = True
    yield
    logging.getLogger("django.request").disabled = False


@pytest.fixture
def browser() -> Browser:
    made = Browser(raise_request_exception=False)
    made.force_login(make.developer())
    return made


def test_an_api_answers_503_and_says_when_to_come_back(api: Platform) -> None:
    with postgresql_away():
        for answer in (api.get("me"), api.get("applications"), api.get("/commerce/v1/orders")):
            assert (answer.status, answer.code) == (503, "unavailable")
            assert answer.headers["Retry-After"] == "2"
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert "psycopg" not in answer.content.decode()
    assert api.get("applications").status == 200


def test_a_write_that_found_no_database_has_happened_when_it_is_repeated_and_once(
    api: Platform,
) -> None:
    before = Application.objects.count()
    with postgresql_away():
        refused = api.post("applications", {"name": "Ledger"}, Idempotency_Key="one")
        assert (refused.status, refused.code) == (503, "unavailable")
    for _ in range(2):
        assert api.post("applications", {"name": "Ledger"}, Idempotency_Key="one").status == 201
    assert Application.objects.count() == before + 1


def test_a_connection_that_broke_is_no_fault_of_the_caller(api: Platform) -> None:
    cut()
    answer = api.get("keys")
    assert (answer.status, answer.code) == (503, "unavailable")
    connection.close()
    assert api.get("keys").status == 200


def test_a_postgresql_that_takes_the_call_and_says_nothing_is_given_up(api: Platform) -> None:
    connection.close()
    real = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(silent.getsockname()[1])}
        began = time.monotonic()
        try:
            answer = api.get("me")
        finally:
            connection.settings_dict |= real
            connection.close()
    assert (answer.status, answer.code) == (503, "unavailable")
    assert time.monotonic() - began < 9
    assert api.get("me").status == 200


@pytest.mark.parametrize(
    ("path", "grant"),
    [("token", "client_credentials"), ("par", ""), ("device_authorization", ""), ("revoke", "")],
)
def test_oauth_says_it_in_its_own_words(path: str, grant: str) -> None:
    party = oauth.confidential()
    make.sandbox(party.client.application.organization)
    with postgresql_away():
        answer = oauth.post(path, party.fields(grant_type=grant, token="t"))
    assert (answer.status, answer.error) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert party.token("client_credentials").status == 200


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/oauth/userinfo"])
def test_what_oauth_answers_to_get_is_no_page_either(path: str) -> None:
    with postgresql_away():
        answer = Browser().get(path, headers={"Authorization": "Bearer trl_test_a"})
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "path",
    [
        "/overview",
        "/keys",
        "/accounts/login/",
        "/healthz",
        "/admin/",
        "/oauth/authorize?client_id=x",
    ],
)
def test_a_page_says_so_without_the_database(browser: Browser, path: str) -> None:
    with postgresql_away():
        answer = browser.get(path)
    if path == "/accounts/login/" and answer.status_code == 200:
        return  # nothing of it comes from the database for who is signed out
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "no-store" in answer["Cache-Control"]
    assert "We are away for a moment" in page
    assert "OperationalError" not in page


@pytest.mark.usefixtures("quiet")
def test_nobody_is_signed_out_by_it(browser: Browser) -> None:
    with postgresql_away():
        browser.get("/overview")
    assert browser.get("/overview").status_code == 200


class RefusedError(Exception):
    """What psycopg raises, as far as anybody looks."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("kind", "sqlstate", "lost"),
    [
        (OperationalError, None, True),
        (InterfaceError, None, True),
        (OperationalError, "57P01", True),
        (OperationalError, "57P03", True),
        (OperationalError, "53300", True),
        (OperationalError, "08006", True),
        (OperationalError, "57014", False),  # a statement took too long
        (OperationalError, "40P01", False),  # a deadlock
        (OperationalError, "53100", False),  # the disk is full
        (DataError, "22003", False),
        (ValueError, None, False),
    ],
)
def test_what_is_an_outage_and_what_is_a_fault(
    kind: type[Exception], sqlstate: str | None, *, lost: bool
) -> None:
    error = kind("x")
    error.__cause__ = RefusedError(sqlstate)
    assert outage.is_lost(error) is lost


@pytest.mark.parametrize(("query", "seconds"), [("", "5"), ("?connect_timeout=2", "2")])
def test_how_long_a_silent_postgresql_is_waited_for_can_be_said(
    monkeypatch: pytest.MonkeyPatch, query: str, seconds: str
) -> None:
    monkeypatch.setenv("SOME_URL", f"postgresql://app:x@db/trellis{query}")
    assert env.database("SOME_URL")["OPTIONS"] == {"connect_timeout": seconds}
