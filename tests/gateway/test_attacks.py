"""What hostile callers try at the gateway, and what it costs the others: nothing."""

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from apps.core import secrets
from apps.keys.services import Issued
from box.valkey import Valkey
from gateway.steps.record import masked
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn
from tests.gateway.test_usage_records import shipped, valkey

__all__ = ["valkey"]

CROWD = 120  # connections; PostgreSQL's queue holds 64 look-ups
KEY = "trl_test_k" + "a" * 38


def ask(gateway: Gateway, key: Issued, *more: str) -> bytes:
    """Send a request as raw bytes and return the raw answer."""
    lines = ["GET /shop/v1/echo HTTP/1.1", "Host: api", f"Authorization: Bearer {key.secret}"]
    return raw(gateway.port, "\r\n".join([*lines, "Connection: close", *more, "", ""]).encode())


@pytest.mark.parametrize(
    "header",
    ["Trellis_Caller", "TRELLIS-CALLER", "X_Forwarded_For", "Idempotency_Key", "Trellis_Version"],
)
def test_a_header_that_wsgi_would_take_for_another_never_arrives(
    gateway: Gateway, key: Issued, upstream: StandIn, header: str
) -> None:
    assert ask(gateway, key, f"{header}: forged").startswith(b"HTTP/1.1 200")
    arrived = upstream.requests[-1]["headers"]
    assert [header for header in arrived if "forged" in header or "_" in header[0]] == []


def test_headers_that_connection_lists_end_here(
    gateway: Gateway, key: Issued, upstream: StandIn
) -> None:
    headers = [
        *bearer(key).items(),
        *(("Connection", "keep-alive, X-Mine"), ("Connection", "X-Also")),
        *(("X-Mine", "1"), ("X-Also", "1"), ("X-Other", "2")),
    ]
    assert gateway.client.get("/shop/v1/echo", headers=headers).status_code == 200
    arrived = dict(upstream.requests[-1]["headers"])
    assert arrived["x-other"] == "2"
    assert {"x-mine", "x-also"}.isdisjoint(arrived)
    assert arrived["trellis-caller"]


@pytest.mark.parametrize(
    "target",
    [f"/shop/v1/orders/{KEY}", f"/{KEY}", f"/shop/v1/orders/{KEY.replace('_', '%5F')}"],
)
def test_a_key_in_the_path_is_refused(
    gateway: Gateway, key: Issued, upstream: StandIn, target: str
) -> None:
    before = len(upstream.requests)
    answer = gateway.client.get(target, headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_in_url")
    assert len(upstream.requests) == before


def test_an_encoded_key_in_the_query_is_refused(gateway: Gateway, key: Issued) -> None:
    answer = gateway.client.get("/shop/v1/echo?x=trl%5Ftest%5Fk" + "a" * 38, headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_in_url")


def test_no_record_holds_a_key(
    launch: Callable[..., Gateway], key: Issued, environment: dict[str, str], valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    agent = {"User-Agent": f"curl {key.secret}"}
    gateway.client.get(f"/shop/v1/orders/{key.secret}", headers=agent)
    gateway.client.get("/shop/v1/echo", headers=agent | {"Authorization": key.secret})
    told = shipped(environment, valkey.url(), 2)
    random = key.secret[len("trl_test_k") :]
    assert [row for row in told if random[:5] in str(row)] == []
    assert {row["path"] for row in told} == {"/shop/v1/orders/trl_test_k***", "/shop/v1/echo"}


def test_only_secrets_are_masked() -> None:
    assert masked(f"/a/{KEY}/b") == "/a/trl_test_k***/b"
    assert masked("/a/trl%5ftest%5fk" + "a" * 38) == "/a/trl%5ftest%5fk***"
    assert masked("/latest_test_kit/my_live_room") == "/latest_test_kit/my_live_room"


def test_a_crowd_that_tries_out_secrets_holds_up_nobody(
    launch: Callable[..., Gateway], key: Issued
) -> None:
    gateway = launch()
    over = threading.Event()

    def guess() -> None:
        with httpx.Client(base_url=str(gateway.client.base_url), timeout=30) as client:
            while not over.is_set():
                headers = {"Authorization": f"Bearer {secrets.mint('test')}"}
                client.get("/shop/v1/echo", headers=headers)

    assert gateway.client.post("/shop/v1/echo", headers=bearer(key)).status_code == 200
    crowd = [threading.Thread(target=guess, daemon=True) for _ in range(CROWD)]
    for one in crowd:
        one.start()
    deadline = time.monotonic() + 12  # A copy is fresh for five seconds: it is renewed twice.
    answers = []
    while time.monotonic() < deadline:
        answers.append(gateway.client.post("/shop/v1/echo", headers=bearer(key)).status_code)
        time.sleep(0.2)
    over.set()
    for one in crowd:
        one.join()
    assert set(answers) == {200}
