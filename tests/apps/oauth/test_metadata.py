"""The authorization server says what it can, completely, at both addresses where clients look."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import Resolver404, resolve
from pytest_django.fixtures import Settings

from tests.support import make

pytestmark = pytest.mark.django_db

RFC_8414 = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
ISSUER = "http://localhost:8000"
# What openid-client, the MCP SDK and others look for, and where each must lead.
ENDPOINTS = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "pushed_authorization_request_endpoint": "/oauth/par",
    "device_authorization_endpoint": "/oauth/device_authorization",
    "introspection_endpoint": "/oauth/introspect",
    "revocation_endpoint": "/oauth/revoke",
    "userinfo_endpoint": "/oauth/userinfo",
    "registration_endpoint": "/oauth/register",
    "end_session_endpoint": "/oauth/logout",
    "jwks_uri": "/.well-known/jwks.json",
}


@pytest.fixture
def known(client: Browser) -> dict[str, Any]:
    make.scopes("orders:read")
    return dict(client.get(OPENID).json())


def test_both_addresses_answer_the_same(client: Browser) -> None:
    assert client.get(RFC_8414).json() == client.get(OPENID).json()


def test_defect_7_every_endpoint_is_named_and_there(known: dict[str, Any]) -> None:
    for name, path in ENDPOINTS.items():
        assert known[name] == ISSUER + path
        try:
            resolve(path)
        except Resolver404:
            pytest.fail(f"{name} leads nowhere.")
    assert known["issuer"] == ISSUER


def test_it_promises_what_there_is(known: dict[str, Any]) -> None:
    methods = {"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}
    algorithms = {"ES256", "ES384", "RS256", "PS256", "EdDSA", "Ed25519"}
    assert set(known["token_endpoint_auth_methods_supported"]) == methods
    assert set(known["revocation_endpoint_auth_methods_supported"]) == methods
    assert set(known["introspection_endpoint_auth_methods_supported"]) == methods - {"none"}
    for endpoint in ("token", "revocation", "introspection"):
        signed = known[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert set(signed) == algorithms
    assert set(known["dpop_signing_alg_values_supported"]) == algorithms
    assert set(known["id_token_signing_alg_values_supported"]) == {"RS256", "ES256", "EdDSA"}
    assert set(known["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    }
    assert known["response_types_supported"] == ["code"]
    assert known["response_modes_supported"] == ["query"]
    assert known["code_challenge_methods_supported"] == ["S256"]
    assert known["subject_types_supported"] == ["public"]
    assert known["protected_resources"] == ["http://localhost:8080"]
    assert {"none", "login", "consent"} <= set(known["prompt_values_supported"])
    assert {"openid", "profile", "email", "offline_access", "orders:read"} <= set(
        known["scopes_supported"]
    )
    assert {"sub", "sid", "nonce", "at_hash", "email", "name", "auth_time", "amr"} <= set(
        known["claims_supported"]
    )


def test_it_promises_nothing_else(known: dict[str, Any]) -> None:
    assert known["authorization_response_iss_parameter_supported"] is True
    assert known["claims_parameter_supported"] is True
    assert known["backchannel_logout_supported"] is True
    assert known["backchannel_logout_session_supported"] is True
    assert known["request_parameter_supported"] is False
    assert known["request_uri_parameter_supported"] is False
    assert known["require_pushed_authorization_requests"] is False
    assert known["frontchannel_logout_supported"] is False
    assert None not in known.values()
    assert [] not in known.values()


def test_a_closed_registration_is_not_named(client: Browser, settings: Settings) -> None:
    settings.REGISTRATION = "off"
    for path in (RFC_8414, OPENID):
        assert "registration_endpoint" not in client.get(path).json()


@pytest.mark.parametrize("path", [RFC_8414, OPENID, "/.well-known/jwks.json"])
def test_pages_of_every_origin_may_read_it_and_keep_it(client: Browser, path: str) -> None:
    answer = client.get(path)
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"].startswith("public, max-age=")
    assert "Set-Cookie" not in answer
    assert not answer.cookies
    assert client.options(path).status_code == 204
    assert client.post(path).status_code == 405
