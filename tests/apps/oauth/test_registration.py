"""OAuth clients register themselves as far as the operator lets them (RFC 7591, RFC 7592)."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client as Browser
from django.urls import reverse
from jwcrypto.jwk import JWK
from pytest_django.fixtures import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.applications.models import Application
from apps.core import clock, secrets, valkey
from apps.core.errors import Problem
from apps.events.models import Event
from apps.oauth import client_secrets, registration, strangers
from apps.oauth.models import AccessToken, Client, InitialToken
from apps.orgs import services as orgs
from tests.support import make, oidc

pytestmark = pytest.mark.django_db

REGISTER = "/oauth/register"
GOOD = {"redirect_uris": ["https://shop.example/callback"], "client_name": "Back office"}
MCP = {  # what the official MCP SDK sends
    "redirect_uris": ["http://localhost:33418/callback"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "client_name": "Inspector",
    "client_uri": "https://inspector.example",
    "scope": "openid orders:read",
}


@pytest.fixture
def application() -> Application:
    return make.application()


def initial(application: Application, **fields: Any) -> str:
    values = {"uses": 5, "expires_at": clock.real() + timedelta(days=1), **fields}
    return registration.issue_initial_token(application, actor=make.user(), **values)[1]


@pytest.fixture
def token(application: Application) -> str:
    return initial(application)


@pytest.fixture
def everybody(settings: Settings) -> None:
    """The operator lets everybody register."""
    settings.REGISTRATION = "open"
    make.plan()
    make.scopes("orders:read")


def send(browser: Browser, body: Any, token: str = "", *, to: str = "", by: str = "post") -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    kind = "application/json"
    return browser.generic(by.upper(), to or REGISTER, text, content_type=kind, headers=headers)


def manage(browser: Browser, by: str, made: dict[str, Any], body: Any = None, **other: str) -> Any:
    path = made["registration_client_uri"].removeprefix("http://localhost:8000")
    token = other.get("token", made["registration_access_token"])
    return send(browser, body or {}, token, to=path, by=by)


def test_a_client_of_an_application_registers_with_its_token(
    client: Browser, application: Application, token: str
) -> None:
    answer = send(client, GOOD, token)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    said = answer.json()
    made = Client.objects.get()
    assert (made.application, made.environment, made.client_type) == (
        application,
        "sandbox",
        "confidential",
    )
    assert client_secrets.check(made, said["client_secret"])
    assert said["registration_client_uri"].endswith(f"{REGISTER}/{made.client_id}")
    assert secrets.read(said["registration_access_token"], secrets.pattern("trl", "g"))
    assert said["redirect_uris"] == GOOD["redirect_uris"]
    assert said["grant_types"] == ["authorization_code"]
    assert said["token_endpoint_auth_method"] == "client_secret_basic"
    assert Event.objects.get(type="client.registered").application == application.pk


def test_defect_6_the_answer_says_when_the_secret_expires(client: Browser, token: str) -> None:
    said = send(client, GOOD, token).json()
    assert said["client_secret_expires_at"] == 0
    assert abs(said["client_id_issued_at"] - clock.real().timestamp()) < 60
    public = send(client, {**GOOD, "token_endpoint_auth_method": "none"}, token).json()
    assert "client_secret" not in public
    assert "client_secret_expires_at" not in public


def test_no_secret_of_a_registration_is_stored_in_the_clear(client: Browser, token: str) -> None:
    said = send(client, GOOD, token).json()
    rows = str([*Client.objects.values(), *InitialToken.objects.values()])
    for secret in (token, said["client_secret"], said["registration_access_token"]):
        assert secret not in rows


@pytest.mark.parametrize("policy", ["token", "open"])
def test_a_token_that_is_not_good_registers_nothing(
    client: Browser, settings: Settings, application: Application, policy: str
) -> None:
    settings.REGISTRATION = policy
    expired = initial(application)
    InitialToken.objects.update(expires_at=clock.real())
    for wrong in (expired, secrets.mint("test", kind="i"), "nonsense", "\xe9"):
        answer = send(client, GOOD, wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert not Client.objects.exists()


def test_without_a_token_only_an_open_door_lets_in(client: Browser, settings: Settings) -> None:
    assert send(client, GOOD).status_code == 401
    settings.REGISTRATION = "off"
    answer = send(client, GOOD, initial(make.application()))
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert not Client.objects.exists()


def test_a_token_is_good_as_often_as_it_says(client: Browser, application: Application) -> None:
    token = initial(application, uses=2)
    assert [send(client, GOOD, token).status_code for _ in range(3)] == [201, 201, 401]


def test_a_refused_registration_uses_nothing_up(client: Browser, application: Application) -> None:
    token = initial(application, uses=1)
    assert send(client, {**GOOD, "redirect_uris": []}, token).status_code == 400
    assert send(client, GOOD, token).status_code == 201


def test_the_token_of_a_suspended_application_is_refused(
    client: Browser, application: Application, token: str
) -> None:
    orgs.suspend(application.organization, reason="Spam", actor=make.operator())
    assert send(client, GOOD, token).status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"uses": 0}, {"uses": 101}, {"expires_at": clock.real()}, {"expires_at": None}]
)
def test_a_token_is_bounded(application: Application, wrong: dict[str, Any]) -> None:
    if "expires_at" in wrong and wrong["expires_at"] is None:
        wrong = {"expires_at": clock.real() + timedelta(days=91)}
    with pytest.raises(Problem):
        initial(application, **wrong)
    assert not InitialToken.objects.exists()


def test_a_client_of_its_own_makes_an_application_for_sandboxes(
    client: Browser, everybody: None
) -> None:
    answer = send(client, MCP)
    assert answer.status_code == 201
    made = Client.objects.get()
    assert made.is_public
    assert made.environment == "sandbox"
    assert made.application.organization_id == registration.EVERYBODY
    assert made.application.organization.name == "Registered clients"
    assert made.application.name == "Inspector"
    assert made.application.state == Application.State.DRAFT
    assert not made.application.organization.memberships.exists()
    assert send(client, MCP).status_code == 201
    assert Application.objects.count() == 2
    assert {**answer.json(), **MCP} == answer.json()


def test_strangers_share_no_sandbox(client: Browser, everybody: None) -> None:
    wanted = {**GOOD, "grant_types": ["authorization_code", "client_credentials"]}
    assert send(client, wanted).json()["error"] == "invalid_client_metadata"
    made = send(client, GOOD).json()
    answer = manage(client, "put", made, {"client_id": made["client_id"], **wanted})
    assert answer.json()["error"] == "invalid_client_metadata"
    assert "client_credentials" not in Client.objects.get().grant_types


def test_an_address_registers_so_many_clients_an_hour(client: Browser, everybody: None) -> None:
    for _ in range(strangers.AN_HOUR):
        assert send(client, {}).status_code == 400
    answer = send(client, MCP)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert not Client.objects.exists()
    assert (
        client.post(
            REGISTER, json.dumps(MCP), content_type="application/json", REMOTE_ADDR="203.0.113.9"
        ).status_code
        == 201
    )


def test_without_valkey_strangers_share_an_allowance(client: Browser, everybody: None) -> None:
    away = redis.Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strangers, "OF_ALL", 2)
        patch.setattr(valkey, "client", lambda: away)
        assert [send(client, MCP).status_code for _ in range(3)] == [201, 201, 429]


def test_clients_of_strangers_that_were_never_used_are_forgotten(
    client: Browser, everybody: None
) -> None:
    for _ in range(3):
        send(client, MCP)
    used, fresh, _ = Client.objects.order_by("pk")
    Client.objects.filter(pk=used.pk).update(last_used_at=clock.real())
    others = make.application()
    old = clock.real() - timedelta(days=31)
    Application.objects.exclude(pk=fresh.application_id).update(created_at=old)
    initial(others)
    initial(others)
    InitialToken.objects.filter(pk=InitialToken.objects.latest("created_at").pk).update(
        expires_at=old
    )
    assert registration.forget() == 1
    assert InitialToken.objects.count() == 1
    assert set(Client.objects.all()) == {used, fresh}
    assert Application.objects.filter(pk=others.pk).exists()


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.example/callback",
        "https://shop.example/callback#x",
        "https://user@shop.example/callback",
        "https://*.shop.example/callback",
        "https://shop.example/a https://evil.example/b",
        "https://shop.example/\n",
        "https://",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/callback",
        "/callback",
        "",
        "https://shop.example/" + "a" * 480,
        "https://shöp.example/",
        "https://shop.example:port/",
    ],
)
def test_an_address_that_may_not_stand_is_refused(client: Browser, token: str, uri: str) -> None:
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        answer = send(client, {**GOOD, name: [uri]}, token)
        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_redirect_uri", "invalid_client_metadata"}
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/callback",
        "http://[::1]:4000/callback",
        "http://localhost/callback",
        "com.example.app:/callback",
    ],
)
def test_a_program_on_a_person_s_machine_is_reached_there(
    client: Browser, token: str, uri: str
) -> None:
    native = {
        "redirect_uris": [uri],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    }
    assert send(client, native, token).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwks_uri": "https://shop.example/jwks.json"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"jwks": JWK.generate(kty="EC", crv="P-256").export_private(as_dict=True)},
        {"jwks": {"keys": [JWK.generate(kty="EC", crv="P-256").export_private(as_dict=True)]}},
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"jwks": "keys"},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": []},
        {"grant_types": "authorization_code"},
        {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
        {"response_types": ["token"]},
        {"response_types": ["code", "code id_token"]},
        {"response_types": "code"},
        {"scope": "no:such:scope"},
        {"scope": ["openid"]},
        {"client_name": "x" * 81},
        {"client_name": "a\nb"},
        {"client_name": 7},
        {"client_name": "\u202eoffice"},
        {"client_uri": "javascript:alert(1)"},
        {"contacts": "me@shop.example"},
        {"contacts": [["me@shop.example"]]},
        {"application_type": "desktop"},
        {"subject_type": "pairwise"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"backchannel_logout_uri": "http://shop.example/logout"},
        {"backchannel_logout_uri": "https://shop.example/#logout"},
        {"dpop_bound_access_tokens": "yes"},
        {"software_statement": "eyJ.a.b"},
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
    ],
)
def test_metadata_that_cannot_work_is_refused(
    client: Browser, token: str, wrong: dict[str, Any]
) -> None:
    answer = send(client, {**GOOD, **wrong}, token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert not Client.objects.exists()


def test_jwks_uri_is_refused_with_the_way_out(client: Browser, token: str) -> None:
    answer = send(client, {**GOOD, "jwks_uri": "https://shop.example/jwks.json"}, token)
    assert "send the keys themselves as jwks" in answer.json()["error_description"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '"x"',
        "null",
        "[" * 60_000,
        '{"a":' * 10_000,
        b"\xff",
        '{"client_name": "\\u0000"}',
        '{"client_name": "\\ud800"}',
        '{"client_name": NaN}',
        '{"client_name": ' + "9" * 5000 + "}",
        "{}" + " " * 70_000,
    ],
)
def test_a_body_that_is_no_registration_is_refused_and_breaks_nothing(
    client: Browser, token: str, body: Any
) -> None:
    answer = send(client, body, token)
    assert answer.status_code in {400, 413}
    assert answer.json()["error"] == "invalid_request"


def test_the_body_is_json_and_the_method_post(client: Browser, token: str) -> None:
    assert client.post(REGISTER, GOOD).status_code == 400
    assert client.get(REGISTER).status_code == 405
    answer = client.options(REGISTER)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, "*")


def test_a_client_registers_all_that_we_offer(client: Browser, token: str) -> None:
    key = JWK.generate(kty="EC", crv="P-256", kid="one").export_public(as_dict=True)
    wanted = {
        **GOOD,
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key]},
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "id_token_signed_response_alg": "EdDSA",
        "dpop_bound_access_tokens": True,
        "require_pushed_authorization_requests": True,
        "backchannel_logout_uri": "https://shop.example/logout",
        "backchannel_logout_session_required": True,
        "post_logout_redirect_uris": ["https://shop.example/bye"],
        "contacts": ["me@shop.example"],
        "software_id": "office",
        "software_version": "2.1",
        "logo_uri": "https://shop.example/logo.png",
    }
    said = send(client, wanted, token).json()
    assert {**said, **wanted} == said
    assert "client_secret" not in said
    made = Client.objects.get()
    assert (made.dpop_required, made.par_required, made.id_token_algorithm) == (True, True, "EdDSA")


def test_a_client_reads_what_it_registered(client: Browser, token: str) -> None:
    made = send(client, GOOD, token).json()
    answer = manage(client, "get", made)
    assert answer.status_code == 200
    secret = {"client_secret", "client_secret_expires_at"}
    assert answer.json() == {name: made[name] for name in made.keys() - secret}
    assert answer["Cache-Control"] == "no-store"


def test_a_client_replaces_what_it_registered(client: Browser, token: str) -> None:
    made = send(client, {**GOOD, "client_uri": "https://shop.example"}, token).json()
    wanted = {"redirect_uris": ["https://shop.example/v2"], "client_name": "Office 2"}
    answer = manage(client, "put", made, {"client_id": made["client_id"], **wanted})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["redirect_uris"], said["client_name"]) == (wanted["redirect_uris"], "Office 2")
    assert "client_uri" not in said
    assert "client_secret" not in said
    assert client_secrets.check(Client.objects.get(), made["client_secret"])


def test_a_client_that_becomes_confidential_gets_a_secret(client: Browser, token: str) -> None:
    made = send(client, {**GOOD, "token_endpoint_auth_method": "none"}, token).json()
    said = manage(client, "put", made, {"client_id": made["client_id"], **GOOD}).json()
    assert client_secrets.check(Client.objects.get(), said["client_secret"])
    assert said["client_secret_expires_at"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "cli_other"},
        {"client_id": None},
        {"registration_access_token": "mine"},
        {"client_secret": "a new one, please"},
        {"client_secret": 7},
    ],
)
def test_a_client_changes_nothing_that_is_not_its_to_change(
    client: Browser, token: str, wrong: dict[str, Any]
) -> None:
    made = send(client, GOOD, token).json()
    body = {"client_id": made["client_id"], **GOOD, "client_name": "Other", **wrong}
    answer = manage(client, "put", made, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert Client.objects.get().name == "Back office"


def test_a_client_deletes_itself(client: Browser, everybody: None) -> None:
    made = send(client, MCP).json()
    assert manage(client, "delete", made).status_code == 204
    assert not Client.objects.exists()
    assert not Application.objects.exists()
    assert manage(client, "get", made).status_code == 401


def test_deleting_a_client_leaves_its_application(
    client: Browser, application: Application, token: str
) -> None:
    made = send(client, GOOD, token).json()
    assert manage(client, "delete", made).status_code == 204
    assert Application.objects.get() == application


def test_defect_8_a_registration_token_manages_its_own_client_and_nothing_else(
    client: Browser, token: str
) -> None:
    mine, theirs = (send(client, GOOD, token).json() for _ in range(2))
    for by in ("get", "put", "delete"):
        body = {"client_id": theirs["client_id"], **GOOD}
        answer = manage(client, by, theirs, body, token=mine["registration_access_token"])
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    bearer = {"authorization": f"Bearer {mine['registration_access_token']}"}
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 401
    assert client.get("/commerce/v1/orders", headers=bearer).status_code == 401
    assert send(client, GOOD, mine["registration_access_token"]).status_code == 401
    assert not AccessToken.objects.exists()
    assert Client.objects.count() == 2


def test_an_access_token_or_the_initial_token_manages_no_client(
    client: Browser, token: str
) -> None:
    made = send(client, GOOD, token).json()
    other = oidc.access_token(Client.objects.get(), make.user(), "openid")
    for wrong in (token, other, "nonsense", made["client_secret"]):
        assert manage(client, "get", made, token=wrong).status_code == 401
    assert client.get(f"{REGISTER}/{made['client_id']}").status_code == 401
    assert client.get(f"{REGISTER}/%00").status_code == 401


def test_a_client_made_in_the_portal_has_no_registration_token(client: Browser) -> None:
    made = oidc.client()
    answer = client.get(
        reverse("oauth:registered", args=[made.client_id]), headers={"authorization": "Bearer "}
    )
    assert answer.status_code == 401
