"""What a client may say of itself when it registers (RFC 7591, section 2)."""

from typing import Any

import pytest
from django.test import Client as Browser
from jwcrypto.jwk import JWK

from apps.oauth.models import Client
from tests.support.registering import GOOD, REGISTER, send

pytestmark = pytest.mark.django_db


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
