"""A client asks what its own tokens are worth (RFC 7662)."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from time_machine import TimeMachineFixture

from apps.oauth import proofs
from tests.support import make, oauth
from tests.support.oauth import Party, Prover

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> Party:
    return oauth.confidential()


def said(party: Party, token: str) -> dict[str, Any]:
    answer = oauth.post("introspect", party.fields(token=token))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.body


def test_an_access_token_is_described_in_full(party: Party) -> None:
    by = oauth.merchant()
    body = party.redeem(oauth.code(party, by)).body
    found = said(party, body["access_token"])
    assert 3598 <= found["exp"] - found["iat"] <= 3600
    assert found == {
        "active": True,
        "iss": settings.PORTAL_URL,
        "sub": by.user.pk,
        "client_id": party.client.client_id,
        "scope": "openid orders:read",
        "aud": [settings.API_URL],
        "token_type": "Bearer",
        "tenant": by.tenant.pk,
        "iat": found["iat"],
        "exp": found["exp"],
        "auth_time": found["auth_time"],
    }


def test_a_refresh_token_ends_when_it_is_not_used_or_with_its_family(
    party: Party, time_machine: TimeMachineFixture
) -> None:
    token = party.redeem(oauth.code(party)).body["refresh_token"]
    found = said(party, token)
    assert found["token_type"] == "refresh_token"
    assert found["exp"] - found["iat"] == 30 * 24 * 3600
    renewed = party.refresh(token).body["refresh_token"]
    assert said(party, token) == {"active": False}
    assert said(party, renewed)["active"]
    oauth.later(time_machine, 30 * 24 * 3600 + 1)
    assert said(party, renewed) == {"active": False}


def test_a_bound_token_names_its_key() -> None:
    party, prover = oauth.confidential(), Prover()
    header = {"DPoP": prover.proof(nonce=proofs.nonce())}
    body = party.redeem(oauth.code(party), headers=header).body
    found = said(party, body["access_token"])
    assert found["token_type"] == "DPoP"
    assert found["cnf"] == {"jkt": prover.jkt}


def test_a_clients_own_token_has_the_client_for_subject(party: Party) -> None:
    tenant = make.sandbox(party.client.application.organization)
    body = party.token("client_credentials").body
    found = said(party, body["access_token"])
    assert (found["sub"], found["tenant"]) == (party.client.client_id, tenant.pk)
    assert "auth_time" not in found


def test_an_expired_or_unknown_token_is_inactive_and_nothing_else(
    party: Party, time_machine: TimeMachineFixture
) -> None:
    token = party.redeem(oauth.code(party)).body["access_token"]
    assert said(party, "unknown") == {"active": False}
    oauth.later(time_machine, 3601)
    assert said(party, token) == {"active": False}


def test_a_public_client_cannot_prove_itself_and_learns_nothing() -> None:
    public = oauth.public()
    token = public.redeem(oauth.code(public)).body["access_token"]
    refused = oauth.post("introspect", public.fields(token=token))
    assert (refused.status, refused.error) == (401, "invalid_client")


def test_a_token_in_the_address_is_not_looked_at(party: Party) -> None:
    token = party.redeem(oauth.code(party)).body["access_token"]
    address = f"/oauth/introspect?token={token}"
    assert Browser().get(address, headers={"Authorization": party.basic}).status_code == 405
    posted = Browser().post(address, headers={"Authorization": party.basic})
    assert (posted.status_code, posted.json()["error"]) == (400, "invalid_request")


def test_a_token_must_be_sent(party: Party) -> None:
    refused = oauth.post("introspect", party.fields())
    assert (refused.status, refused.error) == (400, "invalid_request")
    assert "token" in refused.said


def test_a_revoked_access_token_is_inactive_at_once_and_its_siblings_are_not(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    token, refresh = body["access_token"], body["refresh_token"]
    assert said(party, token)["active"]
    assert oauth.post("revoke", party.fields(token=token)).status == 200
    assert said(party, token) == {"active": False}
    assert said(party, refresh)["active"]
