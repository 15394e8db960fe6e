"""A client proves who it is: by a secret, by a signature, or not at all when it cannot."""

import json
import time
from base64 import b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from pytest_django import DjangoCaptureOnCommitCallbacks as Captured
from time_machine import TimeMachineFixture

from apps.applications.models import Application
from apps.core import clock, valkey
from apps.core.errors import Problem
from apps.oauth import assertions, client_secrets, clients
from apps.oauth.models import AccessToken, Client
from apps.orgs.models import Organization
from tests.gateway.tokens import Keys
from tests.support import make, oauth, oidc
from tests.support.oauth import Answer, Party

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> Party:
    """A client with a secret and a sandbox of its own."""
    made = oauth.confidential()
    make.sandbox(made.client.application.organization)
    return made


def own(party: Party, **headers: str) -> Answer:
    """Ask for a client's own token by Basic or with other ``headers``."""
    headers = headers or {"Authorization": party.basic}
    return oauth.post("token", {"grant_type": "client_credentials"}, **headers)


def test_a_secret_may_come_in_the_header_or_in_the_body(party: Party) -> None:
    assert own(party).status == 200
    assert party.token("client_credentials").status == 200


def test_both_at_once_are_refused(party: Party) -> None:
    refused = party.token("client_credentials", headers={"Authorization": party.basic})
    assert (refused.status, refused.error) == (400, "invalid_request")


def test_a_wrong_secret_is_answered_with_a_challenge(party: Party) -> None:
    refused = own(Party(party.client, "trl_test_cwrong"))
    assert (refused.status, refused.error) == (401, "invalid_client")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"\xff\xfe:x").decode(),
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"%00:x").decode(),
        "Basic " + b64encode(b"%ff:x").decode(),
        "Basic " + b64encode(b":").decode(),
        "Bearer eyJ.a.b",
        "Basic " + "A" * 5000,
    ],
)
def test_a_header_that_makes_no_sense_is_no_proof(party: Party, header: str) -> None:
    refused = own(party, Authorization=header)
    assert (refused.status, refused.error) == (401, "invalid_client")


def test_a_client_that_nobody_knows_is_refused() -> None:
    for client_id in ("unknown", "x" * 300, "%00", "é"):
        refused = oauth.post("token", {"grant_type": "client_credentials", "client_id": client_id})
        assert (refused.status, refused.error) == (401, "invalid_client")


def test_a_confidential_client_cannot_leave_its_secret_out(party: Party) -> None:
    code = oauth.code(party)
    refused = Party(party.client).redeem(code)
    assert (refused.status, refused.error) == (401, "invalid_client")


def test_the_secret_of_another_client_is_none(party: Party) -> None:
    other = oauth.confidential(party.client.application)
    refused = own(Party(party.client, other.secret))
    assert (refused.status, refused.error) == (401, "invalid_client")
    assert own(other).status == 200


def test_a_secret_ends_in_the_future_and_there_are_five_at_most(party: Party) -> None:
    with pytest.raises(Problem, match="in the future"):
        client_secrets.add_secret(party.client, expires_at=clock.real(), actor=None)
    for _ in range(client_secrets.AT_MOST - 1):
        client_secrets.add_secret(party.client, actor=None)
    with pytest.raises(Problem, match="at most 5"):
        client_secrets.add_secret(party.client, actor=None)
    assert party.client.secrets.count() == 5
    client_secrets.revoke_secret(party.client.secrets.first(), actor=None)
    client_secrets.add_secret(party.client, actor=None)


def test_an_overlap_never_prolongs_a_secret(party: Party) -> None:
    soon = clock.real() + timedelta(minutes=10)
    ending, _ = client_secrets.add_secret(party.client, expires_at=soon, actor=None)
    new, _ = client_secrets.add_secret(party.client, actor=None)
    client_secrets.retire_others(new, overlap=timedelta(hours=1), actor=None)
    ending.refresh_from_db()
    assert ending.expires_at == soon


def test_several_secrets_are_good_at_once_and_each_ends_by_itself(
    party: Party, time_machine: TimeMachineFixture
) -> None:
    old = party.client.secrets.get()
    new, text = client_secrets.add_secret(party.client, actor=None)
    client_secrets.retire_others(new, overlap=timedelta(hours=1), actor=None)
    renewed = Party(party.client, text)
    assert own(party).status == own(renewed).status == 200
    oauth.later(time_machine, 3601)
    assert own(party).error == "invalid_client"
    assert own(renewed).status == 200
    client_secrets.revoke_secret(new, actor=None)
    assert own(renewed).error == "invalid_client"
    old.refresh_from_db()
    assert old.revoked_at is None


def test_a_secret_is_kept_as_a_keyed_digest(party: Party) -> None:
    assert party.secret not in str(list(party.client.secrets.values()))
    assert party.client.client_secret == ""


def test_the_use_of_a_secret_is_noted_every_five_minutes(
    party: Party, django_capture_on_commit_callbacks: Captured, time_machine: TimeMachineFixture
) -> None:
    def use() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            assert own(party).status == 200
        party.client.refresh_from_db()

    use()
    seen, noted = party.client.secrets.get().last_used_at, party.client.last_used_at
    assert seen is not None
    assert noted is not None
    use()
    assert (party.client.secrets.get().last_used_at, party.client.last_used_at) == (seen, noted)
    oauth.later(time_machine, 301)
    use()
    assert party.client.secrets.get().last_used_at != seen
    assert party.client.last_used_at != noted


def test_a_public_client_with_a_secret_is_refused() -> None:
    public = oauth.public()
    refused = Party(public.client, "secret").token("authorization_code", code="x")
    assert refused.error == "invalid_client"


def test_a_client_that_became_public_proves_nothing_by_its_old_secret(party: Party) -> None:
    code = oauth.code(party)
    fields = {"authentication": Client.Auth.NONE, "grant_types": ["authorization_code"]}
    clients.change(party.client, actor=None, **fields)
    assert party.client.secrets.usable().exists()
    assert party.redeem(code).error == "invalid_client"
    assert not AccessToken.objects.exists()


def test_a_suspended_application_gets_no_token_and_is_told_why(party: Party) -> None:
    Application.objects.update(state="suspended", state_reason="It sends spam.")
    refused = own(party)
    assert (refused.status, refused.error) == (401, "invalid_client")
    assert "suspended: It sends spam." in refused.said


def test_a_suspended_organization_gets_no_token(party: Party) -> None:
    Organization.objects.update(suspended_at=clock.real(), suspension_reason='Says "no"')
    refused = own(party)
    assert refused.error == "invalid_client"
    assert "suspended: Says 'no'" in refused.said


def test_a_live_client_waits_for_approval() -> None:
    party = oauth.confidential(environment="live")
    assert "not approved" in own(party).said
    Application.objects.update(state="approved")
    assert own(party).status == 200
    live = make.live(party.client.application.organization)
    assert AccessToken.objects.get().tenant == live


def test_guessing_is_slowed_down_from_its_own_address_only(party: Party) -> None:
    wrong = Party(party.client, "wrong")
    answers = [own(wrong).status for _ in range(11)]
    assert answers == [401] * 10 + [429]
    slowed = own(party)
    assert slowed.status == 429
    assert 1 <= int(slowed.headers["Retry-After"]) <= 60
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "TRUSTED_PROXIES", 1)
        elsewhere = own(party, Authorization=party.basic, X_Forwarded_For="192.0.2.7")
    assert elsewhere.status == 200


def test_guessing_is_slowed_down_without_valkey_too(party: Party) -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise redis.ConnectionError

    wrong = Party(party.client, "wrong")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey, "client", Away)
        assert [own(wrong).status for _ in range(11)] == [401] * 10 + [429]


def signed(party: Party, key: JWK, *, header: dict[str, Any] | None = None, **more: Any) -> str:
    """Return a client assertion, honest unless ``more`` says otherwise."""
    now = int(time.time())
    claims = {
        "iss": party.client.client_id,
        "sub": party.client.client_id,
        "aud": settings.PORTAL_URL,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid4()),
        **more,
    }
    made = JWS(json.dumps({name: value for name, value in claims.items() if value is not None}))
    made.add_signature(key, None, json.dumps({"alg": "ES256", **(header or {})}))
    return str(made.serialize(compact=True))


def asserted(assertion: str, **more: str) -> Answer:
    """Ask for a client's own token with an assertion."""
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": assertions.TYPE,
        "client_assertion": assertion,
        **more,
    }
    return oauth.post("token", fields)


@pytest.fixture
def key() -> JWK:
    """A client's own key."""
    return JWK.generate(kty="EC", crv="P-256", kid="one")


@pytest.fixture
def signer(key: JWK) -> Party:
    """A client that signs for itself."""
    own_keys = {"keys": [key.export_public(as_dict=True)]}
    party = Party(oauth.confidential(authentication=Client.Auth.JWT, jwks=own_keys).client)
    make.sandbox(party.client.application.organization)
    return party


@pytest.mark.parametrize("audience", ["", "/", "/oauth/token"])
def test_a_client_signs_for_itself(signer: Party, key: JWK, audience: str) -> None:
    assert asserted(signed(signer, key, aud=settings.PORTAL_URL + audience)).status == 200
    listed = signed(signer, key, aud=[settings.PORTAL_URL], header={"kid": "one"})
    assert asserted(listed, client_id=signer.client.client_id).status == 200


def test_an_assertion_is_good_once(signer: Party, key: JWK) -> None:
    assertion = signed(signer, key)
    assert asserted(assertion).status == 200
    again = asserted(assertion)
    assert (again.status, again.error) == (401, "invalid_client")
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"aud": {"a": 1}},
        {"iss": "another"},
        {"exp": None},
        {"exp": int(time.time()) - 60},
        {"exp": int(time.time()) + 7200},
        {"exp": 10**400},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 600},
        {"jti": None},
        {"jti": 7},
        {"header": {"kid": "another"}},
    ],
)
def test_an_assertion_that_is_not_for_us_or_not_now_is_refused(
    signer: Party, key: JWK, change: dict[str, Any]
) -> None:
    refused = asserted(signed(signer, key, **change))
    assert (refused.status, refused.error) == (401, "invalid_client")
    assert refused.said
    assert not AccessToken.objects.exists()


def test_only_the_clients_own_keys_sign_for_it(signer: Party) -> None:
    assert asserted(signed(signer, JWK.generate(kty="EC", crv="P-256"))).error == "invalid_client"


def test_a_public_key_is_no_shared_secret(signer: Party, key: JWK) -> None:
    shared = JWK(kty="oct", k=oidc.encoded(key.export_public().encode()))
    assert asserted(signed(signer, shared, header={"alg": "HS256"})).error == "invalid_client"


@pytest.mark.parametrize("text", ["x", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.", "é" * 9])
def test_what_is_no_assertion_is_refused(text: str) -> None:
    refused = asserted(text)
    assert (refused.status, refused.error) == (401, "invalid_client")


def test_an_assertion_under_an_odd_header_is_refused() -> None:
    keys = Keys("ES256")
    jwks = {"keys": [keys.jwk]}
    client = oauth.confidential(authentication=Client.Auth.JWT, jwks=jwks).client
    make.sandbox(client.application.organization)
    who = {"iss": client.client_id, "sub": client.client_id, "aud": settings.PORTAL_URL}
    claims: dict[str, Any] = who | {"exp": int(time.time()) + 60, "jti": "1"}
    for header in ({}, {"alg": None}, {"alg": ["ES256"]}, {"alg": "ES256", "crit": ["exp"]}):
        refused = asserted(keys.sign(header, claims))
        assert (refused.status, refused.error) == (401, "invalid_client"), header
    assert asserted(keys.sign({"alg": "ES256"}, claims)).status == 200


def test_an_assertion_of_another_type_is_refused(signer: Party, key: JWK) -> None:
    for kind in ("", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"):
        refused = asserted(signed(signer, key), client_assertion_type=kind)
        assert (refused.status, refused.error) == (401, "invalid_client")
    assert not AccessToken.objects.exists()


def test_a_client_that_signs_cannot_fall_back_to_a_secret(signer: Party) -> None:
    _, text = client_secrets.add_secret(signer.client, actor=None)
    assert Party(signer.client, text).token("client_credentials").error == "invalid_client"


def test_a_client_with_a_secret_cannot_be_signed_for_whatever_keys_it_has(key: JWK) -> None:
    its_keys = {"keys": [key.export_public(as_dict=True)]}
    for way in (Client.Auth.BASIC, Client.Auth.POST):
        party = oauth.confidential(authentication=way, jwks=its_keys)
        make.sandbox(party.client.application.organization)
        refused = asserted(signed(party, key))
        assert (refused.status, refused.error) == (401, "invalid_client")
        assert "not registered for private_key_jwt" in refused.said
    assert not AccessToken.objects.exists()


def test_a_proof_of_one_client_does_not_speak_for_another(
    party: Party, signer: Party, key: JWK
) -> None:
    stated = {"client_id": signer.client.client_id}
    basic = {"Authorization": party.basic}
    other = party.client.client_id
    refusals = [
        oauth.post("token", {"grant_type": "client_credentials", **stated}, **basic),
        asserted(signed(signer, key), client_id=other),
        asserted(signed(signer, key), client_id=f"{signer.client.client_id} "),
    ]
    for refused in refusals:
        assert (refused.status, refused.error) == (400, "invalid_request")
    assert not AccessToken.objects.exists()
