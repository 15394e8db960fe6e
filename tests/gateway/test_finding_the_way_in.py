"""Who has nothing but the API's address finds out how to get a token (RFC 9728)."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway
from tests.gateway.tokens import Token

METADATA = "/.well-known/oauth-protected-resource"


def read(gateway: Gateway, path: str) -> dict[str, Any]:
    answer = gateway.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("target", "resource"),
    [
        ("/shop/v1/echo", "/shop/v1"),
        ("/shop/v1/nothing", "/shop/v1"),
        ("/shop/v1", "/shop/v1"),
        ("/shop/v9/echo", ""),
        ("/nothing", ""),
    ],
)
def test_a_bare_401_leads_to_the_description_of_the_api(
    gateway: Gateway, target: str, resource: str
) -> None:
    answer = gateway.client.get(target)
    assert answer.status_code == 401
    bearer, dpop = answer.headers.get_list("www-authenticate")
    assert bearer.startswith("Bearer ")
    assert re.fullmatch(r'DPoP realm="Acme", algs="[A-Za-z0-9 ]+"', dpop)
    [url] = re.findall(r'resource_metadata="(http://api\.test/[^"]+)"', bearer)
    assert url == f"http://api.test{METADATA}{resource}"
    found = read(gateway, url.removeprefix("http://api.test"))
    assert found["resource"] == f"http://api.test{resource}"
    assert found["authorization_servers"] == ["http://portal.test"]
    assert found["bearer_methods_supported"] == ["header"]
    assert found["scopes_supported"] == ["shop:read", "shop:write"]
    assert "ES256" in found["dpop_signing_alg_values_supported"]
    assert found["dpop_bound_access_tokens_required"] is False


def test_a_bare_401_names_the_scope_of_the_operation(gateway: Gateway) -> None:
    told = gateway.client.get("/shop/v1/guarded").headers["www-authenticate"]
    assert 'scope="shop:write"' in told
    assert "error=" not in told


def test_an_api_that_is_not_there_has_no_description(gateway: Gateway) -> None:
    for path in ("/shop/v9", "/shop", "/nothing/v1", "/shop/v1/echo", "//"):
        answer = gateway.client.get(METADATA + path)
        assert answer.status_code == 404 or (path == "//" and answer.status_code == 200)
    assert gateway.client.get(f"{METADATA}s").status_code == 401


def test_any_page_may_read_it_and_nobody_may_write(gateway: Gateway) -> None:
    asked = {"Origin": "https://spa.test", "Access-Control-Request-Method": "GET"}
    answer = gateway.client.options(f"{METADATA}/shop/v1", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert gateway.client.post(METADATA).status_code == 405
    head = gateway.client.head(METADATA)
    assert (head.status_code, head.content) == (200, b"")


def test_a_refused_token_is_led_the_same_way(
    gateway: Gateway, grant_token: Callable[..., Token]
) -> None:
    answer: httpx.Response = gateway.client.get(
        "/shop/v1/echo", headers={"Authorization": "Bearer trl_test_a"}
    )
    [bearer, _] = answer.headers.get_list("www-authenticate")
    assert bearer == (
        'Bearer realm="Acme", error="invalid_token", error_description="The access token is '
        'damaged: its shape, checksum or signature is wrong.", scope="shop:read", '
        f'resource_metadata="http://api.test{METADATA}/shop/v1"'
    )


def test_a_refusal_that_no_other_token_would_help_is_no_challenge(
    gateway: Gateway, grant_token: Callable[..., Token], issue: Callable[..., Issued]
) -> None:
    elsewhere = ["10.0.0.0/8"]
    for headers in (grant_token(ip_allow=elsewhere).header, bearer(issue(ip_allow=elsewhere))):
        answer = gateway.client.get("/shop/v1/echo", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "ip_not_allowed")
        assert "www-authenticate" not in answer.headers
