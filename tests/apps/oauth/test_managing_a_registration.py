"""A client reads, replaces and deletes what it registered (RFC 7592)."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.applications.models import Application
from apps.oauth import client_secrets
from apps.oauth.models import AccessToken, Client
from tests.support import make, oidc
from tests.support.registering import GOOD, MCP, REGISTER, manage, send

pytestmark = pytest.mark.django_db


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


def test_a_suspended_applications_client_manages_nothing(client: Browser, token: str) -> None:
    made = send(client, GOOD, token).json()
    Application.objects.update(state=Application.State.SUSPENDED)
    for method in ("get", "put", "delete"):
        sent = {"client_id": made["client_id"], **GOOD} if method == "put" else None
        answer = manage(client, method, made, sent)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert Client.objects.get().client_id == made["client_id"]


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
