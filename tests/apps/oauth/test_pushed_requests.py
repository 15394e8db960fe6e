"""A client pushes its request ahead of the browser (RFC 9126)."""

from typing import Any

import pytest
from django.conf import settings
from time_machine import TimeMachineFixture

from apps.oauth import authorization, proofs, pushed
from apps.oauth.models import PushedRequest
from tests.support import oauth
from tests.support.oauth import Answer, Party, Prover

pytestmark = pytest.mark.django_db


def push(party: Party, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    fields = {
        "response_type": "code",
        "redirect_uri": oauth.CALLBACK,
        "scope": "openid",
        "code_challenge": authorization.challenge_of(oauth.VERIFIER),
        "code_challenge_method": "S256",
        "state": "s-1",
        **more,
    }
    return oauth.post("par", party.fields(**fields), **(headers or {}))


def test_a_right_request_is_kept_under_a_name() -> None:
    party = oauth.confidential()
    answer = push(party, resource=[settings.API_URL])
    assert answer.status == 201
    assert answer.body["expires_in"] == 60
    name = answer.body["request_uri"]
    assert name.startswith("urn:ietf:params:oauth:request_uri:")
    assert party.secret not in str(list(PushedRequest.objects.values()))
    assert name.encode() not in bytes(PushedRequest.objects.get().digest)
    kept = pushed.take(name, party.client.client_id)
    assert kept is not None
    assert kept["state"] == "s-1"
    assert kept.getlist("resource") == [settings.API_URL]
    assert "client_secret" not in kept


def test_it_can_be_taken_once_and_by_its_client_only() -> None:
    party = oauth.confidential()
    name = push(party).body["request_uri"]
    assert pushed.take(name, "another") is None
    assert pushed.take(name, party.client.client_id) is not None
    assert pushed.take(name, party.client.client_id) is None


def test_a_minute_is_all_it_has(time_machine: TimeMachineFixture) -> None:
    party = oauth.confidential()
    name = push(party).body["request_uri"]
    oauth.later(time_machine, 61)
    assert pushed.take(name, party.client.client_id) is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "x:y"}, "invalid_scope"),
        ({"resource": "https://evil.example"}, "invalid_target"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    ],
)
def test_what_the_page_would_refuse_is_refused_here(change: dict[str, Any], error: str) -> None:
    refused = push(oauth.confidential(), **change)
    assert (refused.status, refused.error) == (400, error)
    assert refused.said
    assert not PushedRequest.objects.exists()


def test_who_cannot_prove_itself_pushes_nothing() -> None:
    party = oauth.confidential()
    refused = push(Party(party.client, "wrong"))
    assert (refused.status, refused.error) == (401, "invalid_client")
    assert not PushedRequest.objects.exists()


def test_a_proof_binds_the_code_to_come() -> None:
    party, prover = oauth.public(), Prover()
    header = {"DPoP": prover.proof("/oauth/par", nonce=proofs.nonce())}
    name = push(party, headers=header).body["request_uri"]
    kept = pushed.take(name, party.client.client_id)
    assert kept is not None
    assert kept["dpop_jkt"] == prover.jkt


def test_a_proof_by_another_key_than_announced_is_refused() -> None:
    header = {"DPoP": Prover().proof("/oauth/par", nonce=proofs.nonce())}
    refused = push(oauth.public(), headers=header, dpop_jkt=Prover().jkt)
    assert refused.error == "invalid_dpop_proof"
    assert not PushedRequest.objects.exists()


def test_nobody_fills_the_table_from_one_address() -> None:
    party = oauth.public()
    asked = [push(party) for _ in range(61)]
    assert {answer.status for answer in asked[:60]} == {201}
    assert (asked[60].status, asked[60].error) == (429, "temporarily_unavailable")
    assert PushedRequest.objects.count() == 60
    assert push(oauth.confidential()).status == 201
