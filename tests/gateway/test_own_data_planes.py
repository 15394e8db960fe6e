"""A real nginx and a real Envoy ask the gateway, configured word for word as the guide says."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from apps.catalog.models import Api, ApiVersion, Operation, Target, Upstream
from apps.core import caller as callers
from apps.core import ids
from apps.core.invalidation import announce
from apps.keys import services as keys
from apps.keys.services import Issued
from box.valkey import Valkey
from tests.gateway import planes
from tests.gateway.conftest import World, bearer
from tests.gateway.planes import Plane
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn
from tests.gateway.test_usage_records import shipped, valkey

__all__ = ["valkey"]

SECRET = "a-secret-that-only-the-plane-has-too"
NARROW = [{"name": "burst", "kind": "rate", "scope": "application", "limit": 3, "window": 60}]
CLOSE = "Connection: close\r\n"


@pytest.fixture(scope="module")
def warehouse(world: World) -> Iterator[StandIn]:
    """The operator's service, and what the catalog says of it."""
    behind = StandIn()
    behind.start()
    with world():
        upstream = Upstream.objects.create(slug="warehouse")
        Target.objects.create(upstream=upstream, url=behind.url)
        api = Api.objects.create(slug="warehouse", name="Warehouse", backend=Api.Backend.UPSTREAM)
        version = ApiVersion.objects.create(
            api=api, major=1, document={}, digest="", upstream=upstream, base="/v1"
        )
        policies: dict[str, dict[str, Any]] = {
            "/echo": {},
            "/kept": {"cache": {"seconds": 60}},
            "/walled": {"ip_deny": ["127.0.0.0/8"]},
            "/hidden": {"fields": {"stock:read": ["price"]}},
            "/checked": {"validate": ["request"]},
            "/once": {"idempotency": True},
            "/rewritten": {"response": {"body": {"remove": ["price"]}}},
        }
        for path, policy in policies.items():
            for method in ("GET", "POST"):
                Operation.objects.create(
                    version=version,
                    name=f"{method} {path}",
                    method=method,
                    path=path,
                    policy=policy,
                )
        Operation.objects.create(
            version=version, name="scoped", method="GET", path="/scoped", scopes=["shop:write"]
        )
        announce([], "catalog:")
    yield behind
    behind.stop()


@pytest.fixture(scope="module")
def decider(start: Callable[..., Gateway], warehouse: StandIn) -> Iterator[Gateway]:
    """A gateway that data planes may ask."""
    made = start(TRELLIS_AUTHZ_SECRET=f"{SECRET}, {'b' * 32}")
    yield made
    made.close()


def either(name: str) -> Any:
    """Return what runs the data plane of this name."""
    if name == "nginx" and planes.NGINX is None:
        pytest.skip("no nginx here (on Debian: apt-get install nginx)")
    return getattr(planes, name)


@pytest.fixture(scope="module", params=["nginx", "envoy"])
def plane(
    request: pytest.FixtureRequest, decider: Gateway, warehouse: StandIn, tmp_path_factory: Any
) -> Iterator[Plane]:
    """A data plane of the operator's own."""
    folder, run = tmp_path_factory.mktemp(request.param), either(request.param)
    with run(folder, gateway=decider.port, backend=warehouse.port, secret=SECRET) as made:
        yield made


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_what_is_allowed_arrives_with_its_caller(
    plane: Plane, key: Issued, warehouse: StandIn, method: str
) -> None:
    marker = ids.new("req")
    forged = {"Trellis-Caller": "forged", "X-Original-URI": "/warehouse/v1/other", "Cookie": "a=b"}
    headers = bearer(key) | forged | {"Trellis-Request-Id": "forged"}
    body = b"x" * 100 if method == "POST" else None
    answer = plane.client.request(
        method, f"/warehouse/v1/echo?{marker}&a=%20b", headers=headers, content=body
    )
    assert answer.status_code == 200
    assert answer.headers["ratelimit"].startswith('"burst";r=')
    [seen] = warehouse.seen(marker)
    told = dict(seen["headers"])
    assert (seen["method"], seen["target"]) == (method, f"/v1/echo?{marker}&a=%20b")
    assert seen["length"] == len(body or b"")
    assert told["trellis-request-id"] == answer.headers["trellis-request-id"]
    assert not {"authorization", "cookie", "dpop", "trellis-target"} & told.keys()
    assert "trellis-authz-address" not in told
    assert SECRET not in str(seen)
    root = bytes.fromhex(os.environ["TRELLIS_CALLER_KEY"])
    known = callers.verify(
        told["trellis-caller"],
        audience="warehouse",
        method=method,
        path="/v1/echo",
        key=callers.key_for("warehouse", root),
        now=time.time(),
    )
    assert (known.credential, known.application) == (key.key.pk, key.key.application_id)


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/warehouse/v1/scoped", (403, "scope_missing")),
        ("/warehouse/v1/nothing", (404, "operation_unknown")),
        ("/warehouse/v1/walled", (403, "address_refused")),
        ("/warehouse/v1/echo?api_key=1", (401, "credential_in_url")),
        ("/warehouse/v1/%2e%2e/echo", (400, "path_invalid")),
        ("/warehouse/v1//echo", (400, "path_invalid")),
    ],
)
def test_what_is_refused_is_told_in_words(
    plane: Plane, key: Issued, warehouse: StandIn, path: str, refusal: tuple[int, str]
) -> None:
    before = len(warehouse.requests)
    answer = plane.client.get(path, headers=bearer(key))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == refusal
    assert problem["status"] == answer.status_code
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["trellis-request-id"] == problem["request_id"]
    assert len(warehouse.requests) == before


def test_a_method_that_the_operation_does_not_know(
    plane: Plane, key: Issued, warehouse: StandIn
) -> None:
    before = len(warehouse.requests)
    answer = plane.client.delete("/warehouse/v1/echo", headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert len(warehouse.requests) == before


def test_without_a_credential_the_challenge_says_how_to_get_in(
    plane: Plane, warehouse: StandIn
) -> None:
    before = len(warehouse.requests)
    answer = plane.client.get("/warehouse/v1/echo")
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_missing")
    challenge = answer.headers.get_list("www-authenticate")
    assert challenge[0].startswith('Bearer realm="Acme"')
    assert sum("resource_metadata" in line for line in challenge) == 1
    assert len(warehouse.requests) == before


def test_limits_are_the_same_ones_and_exact(
    plane: Plane, issue: Callable[..., Issued], warehouse: StandIn
) -> None:
    few, marker = issue(limits=NARROW), ids.new("req")
    path = f"/warehouse/v1/echo?{marker}"
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: plane.client.get(path, headers=bearer(few)), range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 9
    assert len(warehouse.seen(marker)) == 3
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["code"] for answer in refused} == {"limit_reached"}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert all(answer.headers["ratelimit"].startswith('"burst";r=0') for answer in refused)


def test_a_revoked_key_is_refused_within_a_second(
    plane: Plane, issue: Callable[..., Issued], world: World
) -> None:
    leaving = issue()
    assert plane.client.get("/warehouse/v1/echo", headers=bearer(leaving)).status_code == 200
    with world():
        keys.revoke(leaving.key, actor=None)
    deadline = time.monotonic() + 1
    while True:
        answer = plane.client.get("/warehouse/v1/echo", headers=bearer(leaving))
        if answer.status_code == 401:
            break
        assert time.monotonic() < deadline
    assert answer.json()["code"] == "key_revoked"


def test_the_plane_says_from_where_a_caller_comes(
    plane: Plane, issue: Callable[..., Issued]
) -> None:
    elsewhere = issue(ip_allow=["203.0.113.0/24"])
    forged = {"X-Forwarded-For": "203.0.113.7", "Trellis-Authz-Address": "203.0.113.7"}
    headers = bearer(elsewhere) | forged
    answer = plane.client.get("/warehouse/v1/echo", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "ip_not_allowed")
    here = issue(ip_allow=["127.0.0.0/8"])
    assert plane.client.get("/warehouse/v1/echo", headers=bearer(here)).status_code == 200


@pytest.mark.parametrize("path", ["hidden", "checked", "once", "rewritten"])
def test_a_policy_that_only_the_gateway_follows_is_not_left_out(
    plane: Plane, key: Issued, warehouse: StandIn, path: str
) -> None:
    before = len(warehouse.requests)
    answer = plane.client.get(f"/warehouse/v1/{path}", headers=bearer(key))
    assert answer.status_code == 503
    assert len(warehouse.requests) == before


def test_a_policy_that_nobody_needs_is(plane: Plane, key: Issued) -> None:
    assert plane.client.get("/warehouse/v1/kept", headers=bearer(key)).status_code == 200


@pytest.mark.parametrize(
    "line",
    [
        "GET /authz HTTP/1.1",
        "GET /authz/warehouse/v1/echo HTTP/1.1",
        "GET /_decision HTTP/1.1",
        "GET * HTTP/1.1",
        "GET http://evil.example/authz/warehouse/v1/echo HTTP/1.1",
        "GET /warehouse/v1/../../_decision HTTP/1.1",
        "GET /warehouse/v1/echo#/../x HTTP/1.1",
        "GET /warehouse/v1/echo\\..\\x HTTP/1.1",
    ],
)
def test_no_request_line_gets_past_the_decision(
    plane: Plane, key: Issued, warehouse: StandIn, line: str
) -> None:
    before = len(warehouse.requests)
    head = f"{line}\r\nHost: a\r\n{CLOSE}Authorization: Bearer {key.secret}\r\n\r\n"
    answer = raw(plane.port, head.encode())
    assert b"trellis-caller" not in answer.lower()
    assert int(answer.split(b" ")[1]) >= 400
    assert len(warehouse.requests) == before


@pytest.mark.parametrize("name", ["nginx", "envoy"])
def test_each_decision_has_one_record(  # noqa: PLR0917 - fixtures
    launch: Callable[..., Gateway],
    key: Issued,
    warehouse: StandIn,
    environment: dict[str, str],
    valkey: Valkey,
    name: str,
    tmp_path: Path,
) -> None:
    gateway = launch(TRELLIS_AUTHZ_SECRET=SECRET, VALKEY_URL=valkey.url())
    ports = {"gateway": gateway.port, "backend": warehouse.port}
    with either(name)(tmp_path, secret=SECRET, **ports) as plane:
        for path in ("echo", "scoped", "nothing"):
            plane.client.get(f"/warehouse/v1/{path}", headers=bearer(key))
    time.sleep(1)  # in which more would come
    rows = shipped(environment, valkey.url(), 3)
    assert sorted((row["path"], row["status"], row["code"]) for row in rows) == [
        ("/warehouse/v1/echo", 200, ""),
        ("/warehouse/v1/nothing", 404, "operation_unknown"),
        ("/warehouse/v1/scoped", 403, "scope_missing"),
    ]
    assert {ids.encode("key", row["key_id"]) for row in rows} == {key.key.pk}
    assert {(row["method"], row["ip"]) for row in rows} == {("GET", "127.0.0.0/24")}
    [trace] = [row["trace"] for row in rows if row["status"] == 200]
    assert ["handed_over", "passed"] in trace


@pytest.mark.parametrize("name", ["nginx", "envoy"])
def test_a_gateway_that_is_away_lets_nobody_through(
    start: Callable[..., Gateway], warehouse: StandIn, key: Issued, tmp_path: Path, name: str
) -> None:
    gateway = start(TRELLIS_AUTHZ_SECRET=SECRET)
    gateway.close()
    before = len(warehouse.requests)
    ports = {"gateway": gateway.port, "backend": warehouse.port}
    with either(name)(tmp_path, secret=SECRET, **ports) as plane:
        answer = plane.client.get("/warehouse/v1/echo", headers=bearer(key))
    assert answer.status_code == {"nginx": 500, "envoy": 503}[name]
    assert len(warehouse.requests) == before


@pytest.mark.parametrize("name", ["nginx", "envoy"])
def test_a_plane_with_a_wrong_secret_lets_nobody_through(
    decider: Gateway, warehouse: StandIn, key: Issued, tmp_path: Path, name: str
) -> None:
    before = len(warehouse.requests)
    ports = {"gateway": decider.port, "backend": warehouse.port}
    with either(name)(tmp_path, secret="c" * 32, **ports) as plane:
        answer = plane.client.get("/warehouse/v1/echo", headers=bearer(key))
    assert answer.status_code == 403
    assert "trellis-caller" not in answer.headers
    assert len(warehouse.requests) == before
