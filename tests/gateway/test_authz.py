"""Who may ask for a decision, how, and what is said: the endpoint by itself."""

import json
from collections.abc import Callable, Iterator

import pytest

from apps.keys.services import Issued
from gateway.settings import Invalid, Settings
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn

OLD, NEW = "o" * 32, "n" * 40
CALL = {"Trellis-Authz-Secret": NEW, "Trellis-Authz-Address": "198.51.100.7"}
ECHO = {"X-Original-Method": "GET", "X-Original-URI": "/shop/v1/echo"}


@pytest.fixture(scope="module")
def decider(start: Callable[..., Gateway]) -> Iterator[Gateway]:
    """A gateway that data planes may ask, while their secret is exchanged."""
    made = start(TRELLIS_AUTHZ_SECRET=f"{OLD},{NEW}")
    yield made
    made.close()


def test_without_the_setting_there_is_no_such_page(gateway: Gateway, key: Issued) -> None:
    for path in ("/authz", "/authz/shop/v1/echo"):
        answer = gateway.client.get(path, headers=bearer(key) | CALL | ECHO)
        assert (answer.status_code, answer.json()["code"]) == (404, "operation_unknown")
        assert "trellis-caller" not in answer.headers


@pytest.mark.parametrize("secret", [None, "", "x", OLD[:-1], f"{OLD},{NEW}", "é" * 32])
def test_nobody_else_is_told_anything(
    decider: Gateway, key: Issued, upstream: StandIn, secret: str | None
) -> None:
    headers = bearer(key) | CALL | ECHO
    del headers["Trellis-Authz-Secret"]
    told = [] if secret is None else [(b"Trellis-Authz-Secret", secret.encode())]
    sent = [(name.encode(), value.encode()) for name, value in headers.items()] + told
    for path in ("/authz", "/authz/shop/v1/echo"):
        answer = decider.client.get(path, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "authz_untrusted")
        assert not {"trellis-caller", "ratelimit", "trellis-status"} & answer.headers.keys()


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_either_secret_is_good_while_it_is_exchanged(
    decider: Gateway, key: Issued, upstream: StandIn, secret: str
) -> None:
    before = len(upstream.requests)
    headers = bearer(key) | CALL | {"Trellis-Authz-Secret": secret}
    for path, more in (("/authz", ECHO), ("/authz/shop/v1/echo", {})):
        answer = decider.client.get(path, headers=headers | more)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["trellis-target"] == "/shop/v1/echo"
    assert len(upstream.requests) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-Original-Method": ""},
        {"X-Original-Method": "GET /"},
        {"X-Original-URI": ""},
        {"Trellis-Authz-Address": ""},
        {"Trellis-Authz-Address": "unix:"},
        {"Trellis-Authz-Address": "203.0.113.1, 203.0.113.2"},
    ],
)
def test_a_question_about_nothing(decider: Gateway, key: Issued, wrong: dict[str, str]) -> None:
    answer = decider.client.get("/authz", headers=bearer(key) | CALL | ECHO | wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "authz_malformed")


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/shop/v1/echo",
        "*",
        "/shop/v1/echo#x",
        "/shop/v1/echo?a#x",
        "/shop/v1/echo?a b",
        "/shop/v1/../v1/echo",
        "/shop/v1/%ff",
        "/shop/v1/écho",
    ],
)
def test_a_uri_that_can_be_read_in_two_ways(decider: Gateway, key: Issued, uri: str) -> None:
    headers = bearer(key) | CALL | ECHO | {"X-Original-URI": uri}
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = decider.client.get("/authz", headers=sent)
    assert (answer.status_code, answer.headers["trellis-status"]) == (403, "400")
    assert json.loads(answer.headers["trellis-problem"])["code"] == "path_invalid"


def test_a_refusal_that_speaks_no_ascii_fits_into_a_header(decider: Gateway, key: Issued) -> None:
    uri = "/shop/v1/" + "%C3%A9" * 800
    answer = decider.client.get(
        "/authz", headers=bearer(key) | CALL | ECHO | {"X-Original-URI": uri}
    )
    problem = json.loads(answer.headers["trellis-problem"])
    assert (problem["code"], problem["status"]) == ("operation_unknown", 404)
    assert "é" in problem["detail"]
    assert len(answer.headers["trellis-problem"]) < 4000


def test_headers_count_as_the_callers_own(decider: Gateway, key: Issued) -> None:
    twice = "Authorization: Bearer x\r\n"
    lines = [f"{name}: {value}" for name, value in (bearer(key) | CALL | ECHO).items()]
    head = "\r\n".join(["GET /authz HTTP/1.1", "Host: a", "Connection: close", *lines, ""])
    answer = raw(decider.port, f"{head}{twice}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"trellis-status: 400" in answer
    assert b'"code":"header_repeated"' in answer


def test_a_secret_that_could_be_guessed_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRELLIS_AUTHZ_SECRET", f"{NEW},short")
    with pytest.raises(Invalid, match="TRELLIS_AUTHZ_SECRET must have 32"):
        Settings.read()
    monkeypatch.setenv("TRELLIS_AUTHZ_SECRET", "")
    assert Settings.read().authz == ()
