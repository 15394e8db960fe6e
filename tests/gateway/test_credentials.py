"""Who may call: each reason to refuse has its own code, and the backend never hears of it."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis

from apps.applications.models import Application
from apps.core import secrets
from apps.keys.errors import IpNotAllowed
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.orgs.models import Organization
from gateway.exchange import Exchange
from gateway.steps.authorize import authorize
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.support import make

Issue = Callable[..., Issued]
NOW = datetime.now(UTC)


def refused(gateway: Gateway, key: Issued | str | None, code: str, **options: Any) -> Any:
    """Call with a key, expect a problem, and return the whole answer."""
    headers = dict(options.pop("headers", {}))
    if isinstance(key, Issued):
        headers |= bearer(key)
    elif key is not None:
        headers["Authorization"] = key
    target = options.pop("target", "/shop/v1/echo")
    answer = gateway.client.request(options.pop("method", "GET"), target, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"http://portal.test/docs/errors/{code}"
    request_id = answer.headers["trellis-request-id"]
    assert problem["request_id"] == request_id
    assert problem["instance"] == f"http://portal.test/explain/{request_id}"
    return answer


def test_no_credential(gateway: Gateway) -> None:
    answer = refused(gateway, None, "credential_missing")
    assert answer.status_code == 401
    assert answer.headers.get_list("www-authenticate")[0].startswith('Bearer realm="Acme", scope=')
    assert "error=" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize("value", ["Basic dTpw", "Bearer", "Bearer x", "Bearer trl_test_k123", "x"])
def test_what_is_no_key(gateway: Gateway, value: str) -> None:
    answer = refused(gateway, value, "key_malformed")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_good_key_under_another_scheme_opens_nothing(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    target = "/shop/v1/echo?scheme=1"
    for scheme in ("Basic", "Token", "Digest", "ApiKey"):
        refused(gateway, f"{scheme} {key.secret}", "key_malformed", target=target)
    assert upstream.seen("scheme=1") == []


def test_a_mistyped_key(gateway: Gateway) -> None:
    secret = secrets.mint("test")
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert refused(gateway, f"Bearer {wrong}", "key_bad_checksum").status_code == 401


def test_an_unknown_key_is_not_looked_up_again_and_again(gateway: Gateway) -> None:
    value = f"Bearer {secrets.mint('test')}"
    for _ in range(3):
        assert refused(gateway, value, "key_unknown").status_code == 401


def test_a_key_works_at_once_though_it_was_unknown_a_moment_ago(
    gateway: Gateway, issue: Issue, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.mint("test")
    refused(gateway, f"Bearer {secret}", "key_unknown")
    monkeypatch.setattr(secrets, "mint", lambda *_, **__: secret)
    key = issue()
    assert key.secret == secret
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200


def test_the_scheme_may_be_written_in_any_case(gateway: Gateway, key: Issued) -> None:
    headers = {"Authorization": f"bEaReR {key.secret}"}
    assert gateway.client.get("/shop/v1/echo", headers=headers).status_code == 200


def changed(world: World, key: Issued, **fields: Any) -> None:
    with world():
        Key.objects.filter(pk=key.key.pk).update(**fields)


def test_an_expired_key(gateway: Gateway, key: Issued, world: World) -> None:
    changed(world, key, expires_at=NOW - timedelta(minutes=1))
    assert refused(gateway, key, "key_expired").status_code == 401


def test_a_key_that_expires_while_it_is_remembered(
    gateway: Gateway, key: Issued, world: World
) -> None:
    changed(world, key, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    __import__("time").sleep(1.1)
    refused(gateway, key, "key_expired")


def test_a_key_before_its_time(gateway: Gateway, key: Issued, world: World) -> None:
    changed(world, key, not_before=NOW + timedelta(hours=1))
    assert refused(gateway, key, "key_not_yet_valid").status_code == 401


def test_a_revoked_key(gateway: Gateway, key: Issued, world: World) -> None:
    changed(world, key, revoked_at=NOW)
    answer = refused(gateway, key, "key_revoked")
    assert answer.status_code == 401
    assert key.key.pk in answer.json()["detail"]


def test_a_live_text_for_a_sandbox_key(
    gateway: Gateway, issue: Issue, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.mint("live")
    monkeypatch.setattr(secrets, "mint", lambda *_, **__: secret)
    assert refused(gateway, issue(), "wrong_environment").status_code == 401


@pytest.mark.parametrize(
    ("networks", "allowed"),
    [
        (["127.0.0.0/8"], True),
        (["10.0.0.0/8", "127.0.0.1/32"], True),
        (["10.0.0.0/8"], False),
        (["2001:db8::/32"], False),
    ],
)
def test_a_key_for_certain_addresses(
    gateway: Gateway, key: Issued, world: World, networks: list[str], *, allowed: bool
) -> None:
    changed(world, key, ip_allow=networks)
    if allowed:
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    else:
        answer = refused(gateway, key, "ip_not_allowed")
        assert (answer.status_code, answer.json()["address"]) == (403, "127.0.0.1")


@pytest.mark.parametrize("address", ["", "/run/web.sock", "127.0.0.1:80"])
def test_a_caller_without_an_address_is_in_no_network(address: str) -> None:
    bound = SimpleNamespace(
        organization_suspended=False,
        state="draft",
        livemode=False,
        audience=(),
        networks=(ip_network("0.0.0.0/0"), ip_network("::/0")),
        scopes=frozenset(),
    )
    asked = SimpleNamespace(
        credential=bound, operation=SimpleNamespace(scopes=()), address=address, trace=[]
    )
    with pytest.raises(IpNotAllowed):
        asyncio.run(authorize(cast("Exchange", asked)))


def test_addresses_come_from_trusted_proxies_only(
    launch: Callable[..., Gateway], gateway: Gateway, key: Issued, world: World
) -> None:
    changed(world, key, ip_allow=["203.0.113.7/32", "2001:db8::/32"])
    behind = launch(TRELLIS_TRUSTED_PROXIES="1")
    told = {
        "6.6.6.6, 203.0.113.7": 200,
        "203.0.113.7, 6.6.6.6": 403,
        "::ffff:203.0.113.7": 200,
        "2001:db8::1": 200,
        "nonsense": 403,
    }
    for value, status in told.items():
        headers = bearer(key) | {"X-Forwarded-For": value}
        assert behind.client.get("/shop/v1/echo", headers=headers).status_code == status, value
        assert gateway.client.get("/shop/v1/echo", headers=headers).status_code == 403


def test_a_missing_scope_is_named(gateway: Gateway, key: Issued, upstream: StandIn) -> None:
    answer = refused(gateway, key, "scope_missing", target="/shop/v1/guarded?unscoped")
    assert answer.status_code == 403
    assert answer.json()["scope"] == "shop:write"
    assert 'scope="shop:write"' in answer.headers["www-authenticate"]
    assert upstream.seen("unscoped") == []


@pytest.mark.parametrize(("held", "missing"), [("read", "write"), ("write", "read")])
def test_of_two_scopes_both_are_needed(
    gateway: Gateway, issue: Issue, upstream: StandIn, held: str, missing: str
) -> None:
    target = f"/shop/v1/guarded/twice?half={held}"
    half = issue(scopes=(f"shop:{held}",))
    answer = refused(gateway, half, "scope_missing", target=target)
    assert answer.json()["scope"] == f"shop:{missing}"
    assert upstream.seen(f"half={held}") == []
    whole = issue(scopes=("shop:read", "shop:write"))
    assert gateway.client.get(target, headers=bearer(whole)).status_code == 200


def test_a_suspended_application(gateway: Gateway, key: Issued, world: World) -> None:
    with world():
        Application.objects.filter(pk=key.key.application_id).update(state="suspended")
    answer = refused(gateway, key, "application_suspended")
    assert answer.status_code == 403
    assert "ratelimit" in answer.headers


def test_a_suspended_organization(gateway: Gateway, key: Issued, world: World) -> None:
    with world():
        Organization.objects.filter(applications=key.key.application_id).update(suspended_at=NOW)
    assert refused(gateway, key, "organization_suspended").status_code == 403


def test_a_live_key_needs_an_approved_application(
    gateway: Gateway, issue: Issue, world: World
) -> None:
    with world():
        application = make.application(approved=True)
        tenant = make.live(application.organization)
    key = issue(application, tenant=tenant)
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    with world():
        Application.objects.filter(pk=application.pk).update(state="changes_requested")
    second = issue_despite(world, application, tenant)
    answer = refused(gateway, second, "application_not_approved")
    assert answer.status_code == 403


def issue_despite(world: World, application: Application, tenant: Any) -> Issued:
    """Issue a live key the way it was before the application lost its approval."""
    with world():
        Application.objects.filter(pk=application.pk).update(state="approved")
        application.refresh_from_db()
        issued = make.key(application, tenant=tenant, scopes=("shop:read",))
        Application.objects.filter(pk=application.pk).update(state="rejected")
        return issued


def test_unknown_paths_versions_and_methods(gateway: Gateway, key: Issued) -> None:
    for target in ("/shop/v1/nothing", "/shop/v1/echo/", "/shop/v1/orders", "/nothing"):
        answer = refused(gateway, key, "operation_unknown", target=target)
        assert answer.status_code == 404
        assert "ratelimit" in answer.headers
    for target in ("/shop/v2/echo", "/shop", "/shop/echo"):
        assert refused(gateway, key, "version_unknown", target=target).status_code == 404
    answer = refused(gateway, key, "method_not_allowed", target="/shop/v1/dear", method="POST")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_what_one_gateway_has_read_another_takes_from_valkey(
    gateway: Gateway, twin: Gateway, key: Issued, store: redis.Redis
) -> None:
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    name = f"trl:cred:{bytes(key.key.digest).hex()}"
    entry = json.loads(cast("bytes", store.get(name)))
    store.set(name, json.dumps({**entry, "scopes": []}), keepttl=True)
    refused(twin, key, "scope_missing")
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
