"""Tokens are signed with keys that are published before they sign and long enough after."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from pytest_django.fixtures import Settings
from time_machine import TimeMachineFixture

from apps.core import clock
from apps.events.models import Event
from apps.oauth import signing, tasks
from apps.oauth.models import SigningKey
from tests.support import oidc

pytestmark = pytest.mark.django_db

ALGORITHMS = pytest.mark.parametrize("algorithm", signing.ALGORITHMS)
State = SigningKey.State


def claims(**more: Any) -> dict[str, Any]:
    now = int(clock.real().timestamp())
    return {"iss": "http://localhost:8000", "sub": "usr_x", "iat": now, "exp": now + 60, **more}


def later(time_machine: TimeMachineFixture, **pause: int) -> None:
    time_machine.move_to(clock.real() + timedelta(**pause))


@ALGORITHMS
def test_a_stranger_verifies_a_token_with_what_we_publish(algorithm: str) -> None:
    token = signing.sign(claims(), algorithm=algorithm)
    assert oidc.verified(token, signing.jwks())["sub"] == "usr_x"
    assert oidc.header(token) == {
        "alg": algorithm,
        "typ": "JWT",
        "kid": SigningKey.objects.get(algorithm=algorithm, state=State.CURRENT).pk,
    }


@ALGORITHMS
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # for Ed25519, its new name
def test_joserfc_agrees(algorithm: str) -> None:
    jwk, jwt = pytest.importorskip("joserfc.jwk"), pytest.importorskip("joserfc.jwt")
    token = signing.sign(claims(), algorithm=algorithm)
    keys = jwk.KeySet.import_key_set(signing.jwks())
    assert jwt.decode(token, keys, algorithms=[algorithm]).claims["sub"] == "usr_x"


def test_private_halves_are_sealed_and_never_published(client: Browser) -> None:
    published = client.get("/.well-known/jwks.json").json()["keys"]
    assert {key["alg"] for key in published} == set(signing.ALGORITHMS)
    assert len(published) == 2 * len(signing.ALGORITHMS)
    for key in published:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"}.intersection(key)
        assert key["use"] == "sig"
    for stored in SigningKey.objects.all():
        assert b'"d"' not in bytes(stored.sealed)
        assert "d" not in stored.public


def test_a_key_is_published_before_it_signs(time_machine: TimeMachineFixture) -> None:
    published = {key["kid"] for key in signing.jwks()["keys"]}
    later(time_machine, hours=2)
    for algorithm in signing.ALGORITHMS:
        assert signing.rotate(algorithm).pk in published
        assert oidc.header(signing.sign(claims(), algorithm=algorithm))["kid"] in published


def test_a_key_that_was_just_published_does_not_sign_yet(time_machine: TimeMachineFixture) -> None:
    before = oidc.header(signing.sign(claims()))["kid"]
    with pytest.raises(signing.TooSoon):
        signing.rotate("RS256")
    assert oidc.header(signing.sign(claims()))["kid"] == before
    assert not Event.objects.filter(type="signing_key.rotated").exists()


@ALGORITHMS
def test_rotation_keeps_old_tokens_verifiable(
    algorithm: str, time_machine: TimeMachineFixture
) -> None:
    signing.jwks()
    later(time_machine, hours=2)
    token = signing.sign(claims(exp=int(clock.real().timestamp()) + 3600), algorithm=algorithm)
    signing.rotate(algorithm)
    assert signing.verify(token, typ="JWT")["sub"] == "usr_x"
    assert oidc.verified(token, signing.jwks())["sub"] == "usr_x"
    assert oidc.header(signing.sign(claims(), algorithm=algorithm)) != oidc.header(token)
    later(time_machine, days=2)
    assert oidc.header(token)["kid"] not in {key["kid"] for key in signing.jwks()["keys"]}
    with pytest.raises(signing.BadToken):
        signing.verify(token, typ="JWT")
    assert signing.verify(token, typ="JWT", expired=True)["sub"] == "usr_x"


def test_the_private_half_of_a_retired_key_is_gone(time_machine: TimeMachineFixture) -> None:
    signing.jwks()
    later(time_machine, hours=2)
    signing.rotate("RS256")
    [retired] = SigningKey.objects.filter(state=State.RETIRED)
    assert bytes(retired.sealed) == b""


def test_a_retired_key_is_forgotten_in_the_end(time_machine: TimeMachineFixture) -> None:
    first = oidc.header(signing.sign(claims()))["kid"]
    for _ in range(5):
        later(time_machine, days=31)
        tasks.rotate_signing_keys()
    assert not SigningKey.objects.filter(pk=first).exists()
    assert SigningKey.objects.filter(algorithm="RS256").count() <= 5


def test_a_leaked_key_is_withdrawn_with_all_it_signed() -> None:
    token, other = signing.sign(claims()), signing.sign(claims(), algorithm="ES256")
    out = StringIO()
    call_command("rotate_signing_keys", "--withdraw", "--algorithm", "RS256", stdout=out)
    with pytest.raises(signing.BadToken):
        signing.verify(token, typ="JWT")
    assert signing.verify(other, typ="JWT")
    assert signing.verify(signing.sign(claims()), typ="JWT")
    assert "signs now" in out.getvalue()
    assert Event.objects.get(type="signing_key.rotated").data["withdrawn"] is True


def test_the_command_says_when_it_is_too_soon() -> None:
    signing.jwks()
    out = StringIO()
    call_command("rotate_signing_keys", stdout=out)
    assert out.getvalue().count("nothing changed") == len(signing.ALGORITHMS)


def test_a_new_vault_key_lets_new_keys_sign(settings: Settings) -> None:
    old = signing.sign(claims())
    settings.VAULT_KEY = Fernet.generate_key().decode()
    signing._unsealed.cache_clear()  # as a process that starts with the new key
    new = signing.sign(claims())
    assert oidc.header(new)["kid"] != oidc.header(old)["kid"]
    assert signing.verify(old, typ="JWT")
    assert signing.verify(new, typ="JWT")


def forged(token: str, key: JWK, **header: Any) -> str:
    again = JWS(oidc.raw(token.split(".")[1]))
    again.allowed_algs = ["HS256", "RS256", "ES256", "EdDSA"]
    again.add_signature(key, protected={**oidc.header(token), **header})
    return str(again.serialize(compact=True))


def public_pem(token: str) -> bytes:
    [key] = [key for key in signing.jwks()["keys"] if key["kid"] == oidc.header(token)["kid"]]
    public = JWK(**key).get_op_key("verify")
    return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def test_alg_none_is_refused() -> None:
    good = signing.sign(claims())
    body = good.split(".")[1]
    for name in ("none", "None", "NONE", ""):
        head = oidc.encoded({**oidc.header(good), "alg": name})
        for signature in ("", good.split(".")[2]):
            with pytest.raises(signing.BadToken):
                signing.verify(f"{head}.{body}.{signature}", typ="JWT")


def test_hs256_with_our_public_key_as_its_secret_is_refused() -> None:
    good = signing.sign(claims())
    secret = JWK(kty="oct", k=oidc.encoded(public_pem(good)))
    with pytest.raises(signing.BadToken):
        signing.verify(forged(good, secret, alg="HS256"), typ="JWT")


def test_a_key_inside_the_token_is_not_believed() -> None:
    good = signing.sign(claims())
    mine = JWK.generate(kty="RSA", size=2048)
    inside = {
        "jwk": mine.export_public(as_dict=True),
        "jku": "https://evil.example/jwks.json",
        "x5u": "https://evil.example/cert.pem",
    }
    with pytest.raises(signing.BadToken):
        signing.verify(forged(good, mine, **inside), typ="JWT")


@pytest.mark.parametrize(
    "kid",
    ["", "../../dev/null", "' OR 1=1 --", "sgk_0000000000000000000000", "\x00", 7, None, ["a"]],
)
def test_a_kid_of_no_key_is_refused(kid: object) -> None:
    good = signing.sign(claims())
    head = oidc.encoded({**oidc.header(good), "kid": kid})
    with pytest.raises(signing.BadToken):
        signing.verify(f"{head}.{good.split('.', 1)[1]}", typ="JWT")


def test_a_kid_of_another_algorithm_is_refused() -> None:
    good, other = signing.sign(claims()), signing.sign(claims(), algorithm="ES256")
    head = oidc.encoded({**oidc.header(good), "kid": oidc.header(other)["kid"]})
    with pytest.raises(signing.BadToken):
        signing.verify(f"{head}.{good.split('.', 1)[1]}", typ="JWT")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "eyJ.a.b",
        "e30.e30.",
        "é.é.é",
        "\ud800.a.b",
        "x" * 20_000,
        "[].[].[]",
    ],
)
def test_nonsense_is_refused_and_breaks_nothing(token: str) -> None:
    with pytest.raises(signing.BadToken):
        signing.verify(token, typ="JWT")


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"iss": "https://elsewhere.example"},
    ],
)
def test_what_has_expired_or_another_issuer_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(signing.BadToken):
        signing.verify(signing.sign(claims(**wrong)), typ="JWT")


def test_a_token_for_one_purpose_is_none_for_another() -> None:
    for typ, other in (("JWT", "at+jwt"), ("at+jwt", "logout+jwt"), ("logout+jwt", "JWT")):
        with pytest.raises(signing.BadToken):
            signing.verify(signing.sign(claims(), typ=typ), typ=other)


def test_an_algorithm_that_is_not_offered_signs_nothing() -> None:
    with pytest.raises(ValueError, match="HS256"):
        signing.sign(claims(), algorithm="HS256")
    assert not SigningKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_processes_that_sign_first_at_once_agree_on_one_key() -> None:
    def first() -> str:
        try:
            return str(oidc.header(signing.sign(claims(), algorithm="ES256"))["kid"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        kids = {future.result() for future in [pool.submit(first) for _ in range(4)]}
    assert len(kids) == 1
    assert SigningKey.objects.count() == 2 * len(signing.ALGORITHMS)
