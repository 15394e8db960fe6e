"""Whatever a stranger posts is answered in the shape of RFC 6749, and changes nothing."""

import json
import secrets
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client as Browser

from apps.oauth.models import AccessToken, DeviceGrant, PushedRequest
from tests.support import make, oauth

pytestmark = pytest.mark.django_db

ENDPOINTS = ["token", "par", "device_authorization", "introspect", "revoke"]
EVERYWHERE = pytest.mark.parametrize("endpoint", ENDPOINTS)


def raw(endpoint: str, body: bytes, content_type: str = oauth.FORM) -> tuple[int, dict[str, str]]:
    """Post bytes as they are."""
    answer = Browser().post(f"/oauth/{endpoint}", body, content_type=content_type)
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, json.loads(answer.content)


@EVERYWHERE
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"a=%ff",
        b"a=%zz",
        b"%",
        b"&&&=&=",
        b"client_id=%00",
        b"grant_type=authorization_code&grant_type=refresh_token&client_id=a",
        b"client_id=a&client_id=b",
        b"client_id=" + "é".encode(),
        b"client_id=%F0%9F%98%80",
        b"client_id=%ED%A0%80",
        b"&".join(b"p%d=1" % number for number in range(200)),
        b'{"grant_type": "client_credentials"}',
        b"user=1&client=2&exchange=3&scopes=4&grant_type=client_credentials",
        b"scope=%22%5C&client_id=%22%5C",
    ],
)
def test_a_malformed_body_is_refused_in_words(endpoint: str, body: bytes) -> None:
    status, said = raw(endpoint, body)
    assert status in {400, 401}
    assert said["error"] in {"invalid_request", "invalid_client"}
    assert said["error_description"]
    assert said["error_description"].isascii()
    assert said["error_uri"].startswith(settings.PORTAL_URL)


@EVERYWHERE
def test_random_bytes_are_no_error_of_ours(endpoint: str) -> None:
    for _ in range(20):
        status, _ = raw(endpoint, secrets.token_bytes(200))
        assert status in {400, 401, 429}


@EVERYWHERE
def test_a_body_beyond_64_kib_is_not_read(endpoint: str) -> None:
    status, said = raw(endpoint, b"a=" + b"x" * 65536)
    assert (status, said["error"]) == (413, "invalid_request")
    assert "64 KiB" in said["error_description"]


@EVERYWHERE
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "x"])
def test_another_content_type_is_refused(endpoint: str, kind: str) -> None:
    status, said = raw(endpoint, b"{}", kind)
    assert (status, said["error"]) == (400, "invalid_request")
    assert "x-www-form-urlencoded" in said["error_description"]


@EVERYWHERE
def test_other_methods_are_not_allowed_and_pages_of_any_origin_may_ask(endpoint: str) -> None:
    for method in ("get", "put", "delete", "patch"):
        refused = getattr(Browser(), method)(f"/oauth/{endpoint}")
        assert refused.status_code == 405
        assert refused.json()["error_description"] == "This endpoint is called with POST."
        assert "POST" in refused["Allow"]
    asked = Browser().options(f"/oauth/{endpoint}", headers={"Origin": "https://app.example"})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert "DPoP" in asked["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in asked


@EVERYWHERE
def test_no_session_and_no_csrf_token_matter(endpoint: str) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(make.user())
    answer = browser.post(f"/oauth/{endpoint}", b"", content_type=oauth.FORM)
    assert answer.json()["error"] == "invalid_client"
    assert not answer.cookies


@pytest.mark.parametrize(
    ("fields", "error", "named"),
    [
        ({}, "invalid_request", "grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request", "code"),
        ({"grant_type": "refresh_token"}, "invalid_request", "refresh_token"),
        ({"grant_type": "password"}, "unsupported_grant_type", "authorization_code"),
        ({"grant_type": "implicit"}, "unsupported_grant_type", "client_credentials"),
        ({"grant_type": "x" * 9999}, "unsupported_grant_type", "device_code"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant", "refresh token"),
        ({"grant_type": "refresh_token", "refresh_token": "é" * 9}, "invalid_grant", "refresh"),
        ({"grant_type": "authorization_code", "code": "é\n"}, "invalid_grant", "code"),
    ],
)
def test_what_is_missing_or_unknown_is_named(
    fields: dict[str, str], error: str, named: str
) -> None:
    refused = oauth.post("token", oauth.confidential().fields(**fields))
    assert (refused.status, refused.error) == (400, error)
    assert named in refused.said
    assert not AccessToken.objects.exists()


def test_a_name_that_oauthlib_uses_inside_is_only_a_parameter() -> None:
    """oauthlib shows parameters as attributes: a stranger's ``client`` must not become one."""
    party = oauth.confidential()
    make.sandbox(party.client.application.organization)
    inside = ("client", "user", "scopes", "exchange", "grant", "validator_log", "headers", "uri")
    fields = {"grant_type": "client_credentials"} | dict.fromkeys(inside, "x")
    assert oauth.post("token", party.fields() | fields).status == 200
    stolen = oauth.post("token", fields)
    assert stolen.error == "invalid_client"


def test_a_repeated_resource_is_allowed_and_any_other_repetition_is_not() -> None:
    party = oauth.confidential()
    make.sandbox(party.client.application.organization)
    fields = urlencode(party.fields(grant_type="client_credentials"))
    twice = f"&resource={settings.API_URL}"
    status, _ = raw("token", f"{fields}{twice}{twice}".encode())
    assert status == 200
    assert AccessToken.objects.get().resource == [settings.API_URL]
    status, said = raw("token", f"{fields}&scope=a&scope=b".encode())
    assert (status, said["error"]) == (400, "invalid_request")


def test_nothing_is_written_for_any_of_them() -> None:
    for endpoint in ENDPOINTS:
        raw(endpoint, b"client_id=unknown")
    for model in (AccessToken, DeviceGrant, PushedRequest):
        assert not model.objects.exists()
