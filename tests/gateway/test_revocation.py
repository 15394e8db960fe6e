"""What is revoked or suspended stops within a second, at every gateway."""

import time
from collections.abc import Callable

import redis

from apps.applications import services as applications
from apps.applications.models import Application
from apps.catalog import services as catalog
from apps.core import invalidation
from apps.keys import services as keys
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.orgs import services as orgs
from apps.orgs.models import Organization
from gateway.credential import STALE
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import document
from tests.support import make


def code(gateway: Gateway, key: Issued, target: str = "/shop/v1/echo") -> str:
    answer = gateway.client.get(target, headers=bearer(key))
    return "" if answer.status_code == 200 else str(answer.json()["code"])


def until(expected: str, *gateways: Gateway, key: Issued) -> float:
    """Call until every gateway answers ``expected``; return the seconds it took."""
    began = time.monotonic()
    for gateway in gateways:
        while code(gateway, key) != expected:
            assert time.monotonic() - began < 6, f"{gateway.port} never answered {expected}"
            time.sleep(0.01)
    return time.monotonic() - began


def test_a_revoked_key_stops_everywhere_within_a_second(
    gateway: Gateway, twin: Gateway, key: Issued, world: World
) -> None:
    assert until("", gateway, twin, key=key) < 5
    with world():
        keys.revoke(key.key, actor=key.key.created_by, reason="leaked")
        assert until("key_revoked", gateway, twin, key=key) < 1


def test_a_suspended_application_stops_and_starts_again(
    gateway: Gateway, twin: Gateway, key: Issued, world: World
) -> None:
    until("", gateway, twin, key=key)
    with world():
        application = Application.objects.get(pk=key.key.application_id)
        reviewer = make.operator()
        applications.suspend(application, reason="Spam.", actor=reviewer)
        assert until("application_suspended", gateway, twin, key=key) < 1
        applications.reinstate(application, reason="Sorry.", actor=reviewer)
        assert until("", gateway, twin, key=key) < 1


def test_a_lost_message_costs_five_seconds_at_most(
    gateway: Gateway, key: Issued, world: World, store: redis.Redis
) -> None:
    until("", gateway, key=key)
    with world():
        type(key.key).objects.filter(pk=key.key.pk).update(revoked_at=key.key.created_at)
    assert until("key_revoked", gateway, key=key) <= 5.5


def test_a_fill_never_overwrites_a_tombstone(
    gateway: Gateway, key: Issued, store: redis.Redis
) -> None:
    name = invalidation.cache_name(bytes(key.key.digest))
    store.set(name, '{"dead": "key_revoked"}')
    assert code(gateway, key) == "key_revoked"
    assert store.get(name) == b'{"dead": "key_revoked"}'


def test_a_new_operation_is_served_at_once(
    launch: Callable[..., Gateway], gateway: Gateway, key: Issued, world: World
) -> None:
    assert code(gateway, key, "/shop/v1/fresh") == "operation_unknown"
    described = document()
    described["paths"]["/shop/v1/fresh"] = {
        "get": {"operationId": "fresh_get", "x-trellis-scopes": ["shop:read"]}
    }
    with world():
        catalog.publish("shop", major=1, name="Shop", document=described)
    began = time.monotonic()
    while code(gateway, key, "/shop/v1/fresh") and time.monotonic() - began < 5:
        time.sleep(0.02)
    assert time.monotonic() - began < 1
    assert code(gateway, key) == ""


def test_a_suspended_organization_stops_and_starts_again(
    gateway: Gateway, twin: Gateway, key: Issued, world: World
) -> None:
    until("", gateway, twin, key=key)
    with world():
        organization = Organization.objects.get(pk=key.key.application.organization_id)
        reviewer = make.operator()
        orgs.suspend(organization, reason="Spam.", actor=reviewer)
        assert until("organization_suspended", gateway, twin, key=key) < 1
        orgs.reinstate(organization, reason="Sorry.", actor=reviewer)
        assert until("", gateway, twin, key=key) < 1


def test_what_was_said_while_nobody_could_hear_it_is_not_missed(
    gateway: Gateway, key: Issued, world: World, store: redis.Redis
) -> None:
    unheard = bytes(reversed(key.key.digest))
    with world():
        Key.objects.filter(pk=key.key.pk).update(digest=unheard)
    assert code(gateway, key) == "key_unknown"
    with world():
        Key.objects.filter(pk=key.key.pk).update(digest=key.key.digest)
    assert code(gateway, key) == "key_unknown"
    store.client_kill_filter(_type="pubsub")
    assert until("", gateway, key=key) < 3


def test_a_revoked_key_leaves_a_tombstone_that_outlives_every_copy(
    gateway: Gateway, key: Issued, world: World, store: redis.Redis
) -> None:
    until("", gateway, key=key)
    with world():
        keys.revoke(key.key, actor=key.key.created_by, reason="leaked")
    until("key_revoked", gateway, key=key)
    name = invalidation.cache_name(bytes(key.key.digest))
    assert store.get(name) == b'{"dead": "key_revoked"}'
    assert store.ttl(name) > STALE
