"""Who may make a client of live data, or change who gets tokens by it: those who may have keys."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.applications.models import Application
from apps.oauth.models import Client, ClientSecret
from apps.orgs.models import Membership, Role
from tests.portal.conftest import Team
from tests.portal.test_clients import FIELDS
from tests.support import browsers, consent, make

LONG_AGO = 3600
KEYS = '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "' + "A" * 43 + '"}]}'


@pytest.fixture
def approved(team: Team) -> Application:
    Application.objects.filter(pk=team.application.pk).update(state=Application.State.APPROVED)
    team.application.refresh_from_db()
    return team.application


def member(team: Team, role: Role) -> Browser:
    person = make.user()
    Membership.objects.create(organization=team.organization, user=person, role=role)
    return browsers.of(person)


def new(browser: Browser, application: Application, **fields: Any) -> Any:
    address = reverse("portal:applications-oauth-new", args=[application.pk])
    return browser.post(address, {**FIELDS, "environment": "live", **fields})


def test_a_developer_makes_no_live_client_and_so_no_live_secret(
    team: Team, approved: Application
) -> None:
    answer = new(member(team, Role.DEVELOPER), approved)
    assert answer.status_code == 403
    assert b"role_missing" in answer.content
    assert not Client.objects.exists()
    assert not ClientSecret.objects.exists()


def test_a_developer_makes_a_sandbox_client(team: Team, approved: Application) -> None:
    answer = new(member(team, Role.DEVELOPER), approved, environment="sandbox")
    assert answer.status_code == 200
    assert Client.objects.get().environment == "sandbox"


def test_an_admin_makes_a_live_client(team: Team, approved: Application) -> None:
    assert b"trl_live_c" in new(member(team, Role.ADMIN), approved).content
    assert Client.objects.get().livemode


def test_a_developer_does_not_give_a_live_client_keys_of_their_own(
    team: Team, approved: Application
) -> None:
    client = consent.client(approved, environment="live")
    address = reverse("portal:applications-client", args=[client.client_id])
    browser = member(team, Role.DEVELOPER)
    assert b"Save changes" not in browser.get(address).content
    taken = {**FIELDS, "authentication": "private_key_jwt", "jwks": KEYS}
    answer = browser.post(address, taken)
    assert answer.status_code == 403
    client.refresh_from_db()
    assert (client.authentication, client.jwks) == ("client_secret_basic", None)


def test_who_changes_a_live_client_proved_who_they_are_a_moment_ago(
    team: Team, approved: Application
) -> None:
    client = consent.client(approved, environment="live")
    address = reverse("portal:applications-client", args=[client.client_id])
    stale = browsers.of(team.developer, ago=LONG_AGO)
    answer = stale.post(address, {**FIELDS, "name": "Books"})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    client.refresh_from_db()
    assert client.name == "Ledger"
    browsers.of(team.developer).post(address, {**FIELDS, "name": "Books"})
    client.refresh_from_db()
    assert client.name == "Books"
