"""What a client learns about who signed in: ID tokens, JWT access tokens and userinfo."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Browser
from jwcrypto.jwk import JWK

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.oauth import claims, jwt_tokens, signing
from apps.oauth.models import SignIn
from tests.support import make, oidc

pytestmark = pytest.mark.django_db

USERINFO = "/oauth/userinfo"
URL = "http://localhost:8000/oauth/userinfo"


@pytest.fixture
def person() -> User:
    made = make.user(name="Grace Hopper")
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


def left_half(text: str, hashed: Any) -> str:
    digest = hashed(text.encode()).digest()
    return oidc.encoded(digest[: len(digest) // 2])


@pytest.mark.parametrize(
    ("algorithm", "hashed"),
    [("RS256", hashlib.sha256), ("ES256", hashlib.sha256), ("EdDSA", hashlib.sha512)],
)
def test_an_id_token_says_who_signed_in_when_and_how(
    person: User, algorithm: str, hashed: Any
) -> None:
    client = oidc.client(id_token_algorithm=algorithm)
    SignIn.objects.create(sid="s" * 43, user=person, methods=["otp", "pwd", "mfa"])
    now = clock.real()
    token = claims.id_token(
        client=client,
        user=person,
        scopes=["openid", "profile", "email"],
        nonce="n-0S6",
        auth_time=now - timedelta(minutes=5),
        sid="s" * 43,
        access_token="trl_test_a",
        code="the code",
        now=now,
    )
    assert oidc.header(token)["alg"] == algorithm
    assert oidc.verified(token, signing.jwks()) == {
        "iss": "http://localhost:8000",
        "sub": person.pk,
        "aud": client.client_id,
        "azp": client.client_id,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 3600,
        "auth_time": int(now.timestamp()) - 300,
        "nonce": "n-0S6",
        "sid": "s" * 43,
        "amr": ["otp", "pwd", "mfa"],
        "at_hash": left_half("trl_test_a", hashed),
        "c_hash": left_half("the code", hashed),
    }
    assert list(SignIn.objects.get().clients.all()) == [client]


def test_an_id_token_without_a_session_says_only_what_is_known(person: User) -> None:
    token = claims.id_token(client=oidc.client(), user=person, scopes=["openid"], now=clock.real())
    assert set(oidc.payload(token)) == {"iss", "sub", "aud", "azp", "iat", "exp"}


@pytest.mark.parametrize("as_text", [True, False])
def test_the_claims_parameter_is_honoured_in_the_id_token(person: User, *, as_text: bool) -> None:
    wanted: Any = {
        "id_token": {"email": {"essential": True}, "name": None, "password": None},
        "userinfo": {"given_name": None},
    }
    token = claims.id_token(
        client=oidc.client(),
        user=person,
        scopes=["openid", "profile", "email"],
        claims_request=json.dumps(wanted) if as_text else wanted,
        now=clock.real(),
    )
    known = oidc.payload(token)
    assert (known["email"], known["name"]) == (person.email, "Grace Hopper")
    assert not {"given_name", "password"}.intersection(known)


def test_the_claims_parameter_tells_nothing_beyond_the_scopes_that_were_agreed_to(
    person: User,
) -> None:
    wanted = {"id_token": {"email": None, "name": {"essential": True}}}
    token = claims.id_token(
        client=oidc.client(),
        user=person,
        scopes=["openid", "email"],
        claims_request=wanted,
        now=clock.real(),
    )
    assert oidc.payload(token)["email"] == person.email
    assert "name" not in oidc.payload(token)


@pytest.mark.parametrize("wanted", ["", "{", "[]", '{"id_token": []}', "[" * 100_000, "null"])
def test_a_claims_parameter_that_is_none_asks_for_nothing(person: User, wanted: str) -> None:
    assert claims.asked_for(wanted, "id_token") == []


def test_a_jwt_access_token_is_as_rfc_9068_wants_it(person: User) -> None:
    client = oidc.client(token_format="jwt", id_token_algorithm="ES256")
    tenant = make.sandbox(client.application.organization)
    ends = clock.real() + timedelta(hours=1)
    token = jwt_tokens.access_token(
        client=client,
        user=person,
        tenant=tenant,
        scopes=["orders:read", "openid"],
        audience=[],
        expires=ends,
        jkt="j" * 43,
        auth_time=ends - timedelta(hours=2),
    )
    known = oidc.verified(token, signing.jwks())
    assert oidc.header(token)["typ"] == "at+jwt"
    assert known.pop("jti").startswith("jti_")
    assert known.pop("iat") <= int(clock.real().timestamp())
    assert known == {
        "iss": "http://localhost:8000",
        "sub": person.pk,
        "aud": ["http://localhost:8080"],
        "client_id": client.client_id,
        "exp": int(ends.timestamp()),
        "scope": "orders:read openid",
        "livemode": False,
        "tenant": tenant.pk,
        "cnf": {"jkt": "j" * 43},
        "auth_time": int(ends.timestamp()) - 7200,
    }


def test_a_client_that_acts_for_itself_is_the_subject_of_its_jwt() -> None:
    client = oidc.client()
    token = jwt_tokens.access_token(
        client=client,
        user=None,
        tenant=None,
        scopes=[],
        audience=["http://localhost:8080/commerce/v1"],
        expires=clock.real() + timedelta(hours=1),
    )
    assert oidc.payload(token)["sub"] == client.client_id
    assert oidc.payload(token)["aud"] == ["http://localhost:8080/commerce/v1"]


def test_userinfo_tells_what_the_scopes_cover(client: Browser, person: User) -> None:
    token = oidc.access_token(oidc.client(), person, "openid profile email orders:read")
    for ask in (client.get, client.post):
        answer = ask(USERINFO, headers={"authorization": f"Bearer {token}"})
        assert answer.json() == {
            "sub": person.pk,
            "name": "Grace Hopper",
            "given_name": "Grace",
            "email": person.email,
            "email_verified": True,
        }
        assert answer["Cache-Control"] == "no-store"
        assert answer["Access-Control-Allow-Origin"] == "*"


def test_userinfo_tells_no_more_than_the_scopes_cover(client: Browser, person: User) -> None:
    token = oidc.access_token(oidc.client(), person)
    answer = client.get(USERINFO, headers={"authorization": f"bearer {token}"})
    assert answer.json() == {"sub": person.pk}


def test_an_address_that_was_not_proved_is_not_called_verified(client: Browser) -> None:
    known, unknown = make.user(), make.user()
    EmailAddress.objects.create(user=known, email=known.email, verified=False, primary=True)
    EmailAddress.objects.create(user=unknown, email="old@example.org", verified=True)
    for person in (known, unknown):
        token = oidc.access_token(oidc.client(), person, "openid email")
        answer = client.get(USERINFO, headers={"authorization": f"Bearer {token}"})
        assert answer.json()["email"] == person.email
        assert answer.json()["email_verified"] is False


def test_a_form_may_hold_the_token(client: Browser, person: User) -> None:
    token = oidc.access_token(oidc.client(), person)
    form = f"access_token={token}"
    kind = "application/x-www-form-urlencoded"
    assert client.post(USERINFO, form, content_type=kind).json() == {"sub": person.pk}
    twice = client.post(
        USERINFO, form, content_type=kind, headers={"authorization": f"Bearer {token}"}
    )
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    assert client.get(f"{USERINFO}?{form}").status_code == 401


def test_without_a_token_userinfo_names_the_schemes_and_no_error(client: Browser) -> None:
    answer = client.get(USERINFO)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith('Bearer realm="http://localhost:8000", DPoP algs=')
    assert "error" not in answer["WWW-Authenticate"]


def test_without_openid_userinfo_answers_403(client: Browser, person: User) -> None:
    token = oidc.access_token(oidc.client(), person, "profile email")
    answer = client.get(USERINFO, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in answer["WWW-Authenticate"]


def test_a_client_s_own_token_has_no_userinfo(client: Browser) -> None:
    token = oidc.access_token(oidc.client(), None, "openid")
    answer = client.get(USERINFO, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


def refused(client: Browser, authorization: str, **headers: str) -> str:
    answer = client.get(USERINFO, headers={"authorization": authorization, **headers})
    assert answer.status_code == 401
    assert f'error="{answer.json()["error"]}"' in answer["WWW-Authenticate"]
    return str(answer.json()["error"])


def test_defect_2_an_id_token_is_no_credential(client: Browser, person: User) -> None:
    owner = oidc.client()
    oidc.access_token(owner, person)
    token = claims.id_token(client=owner, user=person, scopes=["openid"], now=clock.real())
    assert refused(client, f"Bearer {token}") == "invalid_token"


def test_defect_3_a_disabled_person_s_token_opens_no_userinfo(
    client: Browser, person: User
) -> None:
    token = oidc.access_token(oidc.client(), person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert refused(client, f"Bearer {token}") == "invalid_token"


@pytest.mark.parametrize(
    "token", ["eyJ.a.b", "eyJhbGciOiJub25lIn0.e30.", "x", "\xe9", "a" * 9000, "trl_test_a b", ""]
)
def test_defect_5_nonsense_as_a_bearer_is_refused_and_breaks_nothing(
    client: Browser, token: str
) -> None:
    answer = client.get(USERINFO, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_a_revoked_or_expired_token_is_refused(client: Browser, person: User) -> None:
    owner, past = oidc.client(), clock.real() - timedelta(seconds=1)
    states: list[dict[str, Any]] = [{"revoked_at": past}, {"expires": past}]
    for state in states:
        token = oidc.access_token(owner, person, **state)
        assert refused(client, f"Bearer {token}") == "invalid_token"


def test_a_suspended_application_s_token_is_refused(client: Browser, person: User) -> None:
    owner = oidc.client()
    token = oidc.access_token(owner, person)
    Application.objects.update(state=Application.State.SUSPENDED)
    assert refused(client, f"Bearer {token}") == "invalid_token"


def test_a_token_that_is_bound_to_a_key_needs_its_proof(client: Browser, person: User) -> None:
    key, other = JWK.generate(kty="EC", crv="P-256"), JWK.generate(kty="EC", crv="P-256")
    token = oidc.access_token(oidc.client(), person, jkt=key.thumbprint())
    good = oidc.proof(key, URL, token=token)
    answer = client.get(USERINFO, headers={"authorization": f"DPoP {token}", "dpop": good})
    assert answer.json() == {"sub": person.pk}
    assert refused(client, f"DPoP {token}", dpop=good) == "invalid_dpop_proof", "a replay"
    assert refused(client, f"DPoP {token}") == "invalid_dpop_proof", "no proof"
    for wrong in (
        oidc.proof(key, URL, token=token, method="POST"),
        oidc.proof(key, f"{URL}/x", token=token),
        oidc.proof(key, URL, token="another"),
        oidc.proof(key, URL, token=token, iat=1),
        "nonsense",
    ):
        assert refused(client, f"DPoP {token}", dpop=wrong) == "invalid_dpop_proof"
    stolen = oidc.proof(other, URL, token=token)
    assert refused(client, f"DPoP {token}", dpop=stolen) == "invalid_token"
    assert refused(client, f"Bearer {token}", dpop=good) == "invalid_token"


def test_a_token_that_is_bound_to_no_key_is_sent_as_bearer(client: Browser, person: User) -> None:
    key = JWK.generate(kty="EC", crv="P-256")
    token = oidc.access_token(oidc.client(), person)
    proof = oidc.proof(key, URL, token=token)
    for headers in ({"dpop": proof}, {}):
        answer = client.get(USERINFO, headers={"authorization": f"DPoP {token}", **headers})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert "bound to no key: send it as Bearer" in answer["WWW-Authenticate"]


def test_a_page_of_another_origin_may_ask_first(client: Browser) -> None:
    answer = client.options(USERINFO)
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "DPoP" in answer["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    assert client.delete(USERINFO).status_code == 405
