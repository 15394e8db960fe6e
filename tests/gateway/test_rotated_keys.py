"""While a key is handed over both work; the old one says so, and ends on time with its own code."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.db import connection

from apps.keys import handover
from apps.keys import services as keys
from apps.keys.models import Key
from apps.keys.services import Issued
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.gateway.test_credentials import refused
from tests.gateway.test_revocation import until

Issue = Callable[..., Issued]


def rotate(world: World, old: Issued, **options: object) -> Issued:
    with world():
        return keys.rotate(Key.objects.get(pk=old.key.pk), actor=None, **options)  # type: ignore[arg-type]  # what a test says


def announced(gateway: Gateway, key: Issued) -> dict[str, str]:
    """Call until the gateway has heard of the rotation; return the answer's headers."""
    began = time.monotonic()
    while time.monotonic() - began < 6:
        answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
        assert answer.status_code == 200
        if "deprecation" in answer.headers:
            return dict(answer.headers)
        time.sleep(0.01)
    raise AssertionError("The gateway never said that the key is being replaced.")


@pytest.mark.spec("RFC 9745", "2")
@pytest.mark.spec("RFC 8594", "3")
def test_an_old_key_works_and_says_when_it_ends_while_its_successor_says_nothing(
    gateway: Gateway, key: Issued, world: World
) -> None:
    before = gateway.client.get("/shop/v1/echo", headers=bearer(key)).headers
    assert "deprecation" not in before
    assert "sunset" not in before
    new = rotate(world, key)
    headers = announced(gateway, key)
    with world():
        old = Key.objects.get(pk=key.key.pk)
    assert old.rotated_at is not None
    assert old.expires_at is not None
    assert headers["deprecation"] == f"@{int(old.rotated_at.timestamp())}"
    assert parsedate_to_datetime(headers["sunset"]) == old.expires_at.replace(microsecond=0)
    assert '<http://portal.test/docs/keys>; rel="deprecation"' in headers["link"]
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(new))
    assert answer.status_code == 200
    assert not {"deprecation", "sunset"} & answer.headers.keys()


def test_refusals_of_an_old_key_say_so_too(gateway: Gateway, key: Issued, world: World) -> None:
    rotate(world, key)
    announced(gateway, key)
    answer = refused(gateway, key, "scope_missing", target="/shop/v1/guarded")
    assert "sunset" in answer.headers


def test_after_the_overlap_the_old_key_has_a_code_of_its_own(
    gateway: Gateway, key: Issued, world: World, upstream: StandIn
) -> None:
    new = rotate(world, key, overlap=timedelta(seconds=1))
    time.sleep(1.1)
    answer = refused(gateway, key, "key_rotated_out", target="/shop/v1/echo?late")
    assert answer.status_code == 401
    assert key.key.pk in answer.json()["detail"]
    assert upstream.seen("late") == []
    assert gateway.client.get("/shop/v1/echo", headers=bearer(new)).status_code == 200


def test_an_overlap_that_is_ended_ends_at_every_gateway_within_a_second(
    gateway: Gateway, twin: Gateway, key: Issued, world: World
) -> None:
    new = rotate(world, key)
    for one in (gateway, twin):
        announced(one, key)
    with world():
        handover.end(Key.objects.get(pk=key.key.pk), actor=None)
        assert until("key_rotated_out", gateway, twin, key=key) < 1
    assert until("", gateway, twin, key=new) < 1


def test_an_overlap_that_is_extended_says_its_new_end(
    gateway: Gateway, key: Issued, world: World
) -> None:
    rotate(world, key, overlap=timedelta(hours=1))
    first = announced(gateway, key)["sunset"]
    with world():
        old = Key.objects.get(pk=key.key.pk)
        handover.change(old, ends_at=datetime.now(UTC) + timedelta(days=3), actor=None)
    deadline = time.monotonic() + 1
    while announced(gateway, key)["sunset"] == first:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_revoked_old_key_is_revoked_and_no_longer_announced(
    gateway: Gateway, key: Issued, world: World
) -> None:
    rotate(world, key)
    announced(gateway, key)
    with world():
        keys.revoke(Key.objects.get(pk=key.key.pk), actor=None)
        assert until("key_revoked", gateway, key=key) < 1


def test_no_call_writes_to_postgresql(gateway: Gateway, key: Issued, world: World) -> None:
    def written() -> tuple[int, ...]:
        with world(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
            return tuple(cursor.fetchone())

    gateway.client.get("/shop/v1/echo", headers=bearer(key))
    time.sleep(0.3)
    before = written()
    for _ in range(20):
        assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    time.sleep(0.3)
    assert written() == before
    with world():
        assert Key.objects.get(pk=key.key.pk).last_used_at is None
