"""A credential asks what it is and what it may use."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from apps.core import clock, valkey
from apps.orgs.models import Role
from apps.plans import layout, overrides, standing
from apps.plans import services as plans
from tests.support import make, management
from tests.support.management import Platform


def test_a_key_learns_what_it_is_without_any_scope(db: None) -> None:
    application = make.application()
    api = Platform(application, make.sandbox(application.organization), scopes=["metadata:read"])
    found = api.get("me").json()
    assert found == {
        "object": "caller",
        "id": api.key.key.pk,
        "livemode": False,
        "application": application.pk,
        "organization": application.organization_id,
        "tenant": api.caller.tenant,
        "subject": None,
        "role": "developer",
        "scopes": ["metadata:read"],
        "plan": None,
    }


def test_a_token_learns_who_is_behind_it_and_where_it_acts(live: Platform) -> None:
    auditor = management.member(live.application.organization, Role.AUDITOR)
    found = live.on_behalf_of(auditor).get("me").json()
    assert (found["subject"], found["role"]) == (auditor.pk, "auditor")
    assert live.on_behalf_of(make.user()).get("me").json()["role"] is None


def test_a_token_acts_in_the_organization_of_its_tenant(live: Platform) -> None:
    merchant = make.user()
    shop = make.organization(merchant)
    visiting = replace(
        live.caller, tenant=make.live(shop).pk, organization=live.caller.organization
    )
    live.caller = visiting
    live.on_behalf_of(merchant)
    assert live.get("me").json()["organization"] == shop.pk
    assert [one["id"] for one in live.get("members").json()["data"]] == [merchant.pk]
    assert live.get("applications").json()["data"] == []


def test_the_limits_are_those_of_the_plan(api: Platform) -> None:
    found = api.get("limits").json()["data"]
    assert [(one["name"], one["limit"], one["window"], one["period"]) for one in found] == [
        ("burst", 100, 1, None),
        ("month", 100_000, None, "month"),
    ]
    assert api.get("limits?limit=3").code == "parameter_unknown"


def test_the_limits_say_what_is_left_of_each_and_until_when(api: Platform) -> None:
    policies = [
        {"name": "burst", "kind": "rate", "limit": 10, "window": 10, "burst": 20},
        {"name": "month", "kind": "quota", "limit": 50, "period": "month"},
        {"name": "each", "kind": "quota", "scope": "key", "limit": 9, "period": "day"},
        {"name": "person", "kind": "rate", "scope": "subject", "limit": 3, "window": 1},
        {"name": "at_once", "kind": "concurrency", "limit": 4, "shadow": True},
        {"name": "some", "kind": "quota", "limit": 5, "period": "day", "operations": ["x"]},
    ]
    version = plans.publish("wide", name="Wide", limits=policies)
    plans.subscribe(api.application, version=version, actor=None)
    ends_at = clock.real() + timedelta(hours=1)
    overrides.override(
        api.application,
        limits=[policies[1] | {"limit": 80}],
        ends_at=ends_at,
        reason="A sale.",
        actor=None,
    )
    whom = layout.Whom(api.application.pk, api.key.key.pk)
    held = standing.held(api.application.pk).policies
    laid = layout.lay(held, whom, 3, time.time())
    keys, values = layout.arguments(laid, 1, token="req_1", life=60_000)
    valkey.client().register_script(layout.SCRIPT)(keys=keys, args=values)
    found = {one["name"]: one for one in api.get("limits").json()["data"]}
    lefts = {name: one["left"] for name, one in found.items()}
    assert lefts == {
        "burst": 17,
        "month": 77,
        "each": 6,
        "person": None,
        "at_once": 3,
        "some": 2,
    }
    assert (found["burst"]["burst"], found["burst"]["window"]) == (20, 10)
    assert found["month"]["limit"] == 80
    assert found["month"]["override_until"] == ends_at.isoformat().replace("+00:00", "Z")
    assert found["burst"]["override_until"] is None
    assert [name for name, one in found.items() if one["shadow"]] == ["at_once"]
    assert found["some"]["operations"] == ["x"]
    soon = datetime.fromisoformat(found["burst"]["resets_at"]) - datetime.now(UTC)
    assert timedelta(seconds=1) < soon <= timedelta(seconds=3.2)
    assert found["at_once"]["resets_at"] is None
    midnight = datetime.fromisoformat(found["each"]["resets_at"])
    assert (midnight.hour, midnight.minute, midnight.second) == (0, 0, 0)


def test_the_limits_are_told_without_what_is_left_while_valkey_is_away(
    api: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: Any) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(standing, "_script", lambda: away)
    found = api.get("limits").json()["data"]
    assert [(one["name"], one["left"], one["resets_at"]) for one in found] == [
        ("burst", None, None),
        ("month", None, None),
    ]


def test_scopes_are_listed_in_words(api: Platform) -> None:
    listed = api.get("scopes?limit=100").json()["data"]
    assert [one["id"] for one in listed] == sorted(management.ALL)
    page = api.get("scopes?limit=2").json()
    following = api.get(f"scopes?limit=2&starting_after={page['next_cursor']}").json()["data"]
    assert [one["id"] for one in following] == sorted(management.ALL)[2:4]
