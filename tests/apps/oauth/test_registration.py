"""OAuth clients register themselves as far as the operator lets them (RFC 7591)."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client as Browser
from pytest_django.fixtures import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.applications.models import Application
from apps.catalog import revisions
from apps.core import clock, secrets, valkey
from apps.core.errors import Problem
from apps.events.models import Event
from apps.oauth import client_secrets, registration, strangers
from apps.oauth.models import Client, InitialToken
from apps.orgs import services as orgs
from tests.support import make
from tests.support.registering import GOOD, MCP, REGISTER, initial, manage, send

pytestmark = pytest.mark.django_db


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
    pins = dict(made.application.pins.values_list("version", "revision"))
    assert pins["commerce/v1"] == revisions.registered["commerce/v1"].newest
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
