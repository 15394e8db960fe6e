"""A token is bound to a key that never leaves its client (RFC 9449)."""

import time
from typing import Any

import pytest
from django.conf import settings
from jwcrypto.jwk import JWK
from time_machine import TimeMachineFixture

from apps.oauth import proofs
from apps.oauth.models import AccessToken, RefreshToken, UsedProof
from tests.support import oauth, oidc
from tests.support.oauth import Answer, Party, Prover

pytestmark = pytest.mark.django_db


def proved(prover: Prover, **more: Any) -> dict[str, str]:
    """Return the header of a proof with a good nonce."""
    return {"DPoP": prover.proof(**{"nonce": proofs.nonce(), **more})}


def bound(party: Party, prover: Prover, **more: Any) -> Answer:
    """Redeem a fresh code with a proof."""
    return party.redeem(oauth.code(party, **more), headers=proved(prover))


def test_a_proof_without_nonce_is_given_one_and_then_accepted() -> None:
    party, prover = oauth.public(), Prover()
    code = oauth.code(party)
    asked = party.redeem(code, headers={"DPoP": prover.proof()})
    assert (asked.status, asked.error) == (400, "use_dpop_nonce")
    nonce = asked.headers["DPoP-Nonce"]
    answer = party.redeem(code, headers={"DPoP": prover.proof(nonce=nonce)})
    assert answer.status == 200
    assert answer.body["token_type"] == "DPoP"
    assert AccessToken.objects.get().jkt == prover.jkt
    assert answer.headers["DPoP-Nonce"]


def test_a_nonce_is_good_for_five_to_ten_minutes(time_machine: TimeMachineFixture) -> None:
    party, prover = oauth.public(), Prover()
    nonce = proofs.nonce()
    oauth.later(time_machine, 300)
    good = party.token("client_credentials", headers={"DPoP": prover.proof(nonce=nonce)})
    assert good.error == "unauthorized_client"
    oauth.later(time_machine, 301)
    late = party.token("client_credentials", headers={"DPoP": prover.proof(nonce=nonce)})
    assert late.error == "use_dpop_nonce"


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ({"kty": "EC", "crv": "P-384"}, "ES384"),
        ({"kty": "OKP", "crv": "Ed25519"}, "EdDSA"),
        ({"kty": "RSA", "size": 2048}, "RS256"),
        ({"kty": "RSA", "size": 2048}, "PS256"),
    ],
)
def test_every_announced_algorithm_is_accepted(kind: dict[str, Any], algorithm: str) -> None:
    prover = Prover(JWK.generate(**kind), algorithm)
    assert bound(oauth.public(), prover).body["token_type"] == "DPoP"


def test_a_proof_is_good_once() -> None:
    party, prover = oauth.public(), Prover()
    header = proved(prover)
    assert party.redeem(oauth.code(party), headers=header).status == 200
    code = oauth.code(party)
    again = party.redeem(code, headers=header)
    assert again.error == "invalid_dpop_proof"
    assert "used before" in again.said
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"htm": "GET"},
        {"htu": "https://elsewhere.example/oauth/token"},
        {"htu": f"{settings.PORTAL_URL}/oauth/par"},
        {"htu": "http://[::1"},
        {"htu": None},
        {"iat": None},
        {"iat": "now"},
        {"iat": 10**400},
        {"iat": float("nan")},
        {"jti": None},
        {"jti": "x" * 300},
        {"header": {"typ": "JWT"}},
        {"header": {"alg": "none"}},
        {"header": {"jwk": {"kty": "oct", "k": "c2VjcmV0"}}},
        {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
        {"header": {"jwk": {"kty": []}}},
        {"header": {"jwk": "key"}},
    ],
)
def test_a_proof_for_another_request_or_by_no_key_is_refused(change: dict[str, Any]) -> None:
    party, prover = oauth.public(), Prover()
    if "alg" in change.get("header", {}):
        genuine = prover.proof(nonce=proofs.nonce()).split(".")
        none = oidc.encoded({"typ": "dpop+jwt", **change["header"]})
        header = {"DPoP": ".".join([none, genuine[1], ""])}
    else:
        header = proved(prover, **change)
    refused = party.redeem(oauth.code(party), headers=header)
    assert (refused.status, refused.error) == (400, "invalid_dpop_proof")
    assert refused.said
    assert not AccessToken.objects.exists()
    assert not UsedProof.objects.exists()


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "e30.e30.e30", "." * 5000])
def test_what_is_no_proof_is_refused(text: str) -> None:
    party = oauth.public()
    refused = party.redeem(oauth.code(party), headers={"DPoP": text.encode().decode("latin-1")})
    assert refused.error == "invalid_dpop_proof"


def test_a_proof_with_the_private_key_in_it_is_refused() -> None:
    prover = Prover()
    leak = {"jwk": prover.key.export_private(as_dict=True)}
    party = oauth.public()
    refused = party.redeem(oauth.code(party), headers=proved(prover, header=leak))
    assert refused.error == "invalid_dpop_proof"


@pytest.mark.parametrize("seconds", [-61, 61])
def test_a_proof_is_good_for_a_minute(seconds: int) -> None:
    party, prover = oauth.public(), Prover()
    header = proved(prover, iat=int(time.time()) + seconds)
    assert party.redeem(oauth.code(party), headers=header).error == "invalid_dpop_proof"


def test_a_code_that_is_bound_to_a_key_needs_that_key() -> None:
    party, prover = oauth.public(), Prover()
    code = oauth.code(party, dpop_jkt=prover.jkt)
    assert party.redeem(code).error == "invalid_grant"
    assert party.redeem(code, headers=proved(Prover())).error == "invalid_grant"
    assert party.redeem(code, headers=proved(prover)).status == 200


def test_a_public_client_refreshes_with_the_same_key_only() -> None:
    party, prover = oauth.public(), Prover()
    token = bound(party, prover).body["refresh_token"]
    assert party.refresh(token).error == "invalid_grant"
    stolen = party.refresh(token, headers=proved(Prover()))
    assert stolen.error == "invalid_grant"
    assert "another DPoP key" in stolen.said
    answer = party.refresh(token, headers=proved(prover))
    assert answer.status == 200
    assert set(RefreshToken.objects.values_list("jkt", flat=True)) == {prover.jkt}
    assert set(AccessToken.objects.values_list("jkt", flat=True)) == {prover.jkt}


def test_a_confidential_client_may_change_its_key_as_it_proves_itself_otherwise() -> None:
    party = oauth.confidential()
    token = bound(party, Prover()).body["refresh_token"]
    other = Prover()
    assert party.refresh(token, headers=proved(other)).status == 200
    assert AccessToken.objects.latest("pk").jkt == other.jkt


def test_a_client_that_promised_proofs_gets_nothing_without() -> None:
    party = oauth.confidential(dpop_required=True)
    refused = party.redeem(oauth.code(party))
    assert refused.error == "invalid_dpop_proof"
    assert refused.headers["DPoP-Nonce"]
    assert not AccessToken.objects.exists()
