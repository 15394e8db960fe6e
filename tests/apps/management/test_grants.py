"""A credential never hands out more than it has."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.core import clock, ids
from apps.keys import services as keys
from apps.keys.models import Key
from apps.oauth.models import AccessToken, Client
from apps.onboarding import services as onboarding
from apps.orgs.models import Role
from tests.support import make, management, oidc
from tests.support.api import Answer
from tests.support.management import ALL, Platform

MAKER = frozenset({"platform.keys:write", "platform.clients:write", "orders:read"})


def narrow(api: Platform, **fields: Any) -> Platform:
    """Return a key of the same application that covers little."""
    return Platform(api.application, api.key.key.tenant, scopes=MAKER, **fields)


def ask(api: Platform, **fields: Any) -> Answer:
    wanted = {"application": api.application.pk, "name": "Mine", "scopes": ["orders:read"]}
    return api.post("keys", wanted | fields)


def test_a_key_covers_a_subset_of_its_makers_scopes(api: Platform) -> None:
    maker = narrow(api)
    assert ask(maker, scopes=sorted(MAKER)).status == 201
    refused = ask(maker, scopes=["orders:read", "orders:write"])
    assert (refused.status, refused.code) == (403, "grant_too_large")
    assert refused.json()["param"] == "scopes"
    assert "orders:write" in refused.json()["detail"]


def test_a_key_is_good_within_its_makers_networks_only(api: Platform) -> None:
    maker = narrow(api, ip_allow=["203.0.113.0/24", "2001:db8::/32"])
    assert ask(maker).json()["ip_allow"] == ["203.0.113.0/24", "2001:db8::/32"]
    assert ask(maker, ip_allow=["203.0.113.7/32"]).json()["ip_allow"] == ["203.0.113.7/32"]
    for beyond in ("203.0.0.0/16", "198.51.100.7/32", "::/0"):
        refused = ask(maker, ip_allow=[beyond])
        assert (refused.code, refused.json()["param"]) == ("grant_too_large", "ip_allow")
    made = ask(maker).json()
    widened = maker.patch(f"keys/{made['id']}", {"ip_allow": ["0.0.0.0/0"]})
    assert widened.code == "grant_too_large"
    emptied = maker.patch(f"keys/{made['id']}", {"ip_allow": []}).json()
    assert emptied["ip_allow"] == ["203.0.113.0/24", "2001:db8::/32"]


def test_a_key_ends_with_its_maker_at_the_latest(api: Platform) -> None:
    end = clock.real() + timedelta(days=2)
    maker = narrow(api, expires_at=end)
    assert Key.objects.get(pk=ask(maker).json()["id"]).expires_at == end
    sooner, later = (end + timedelta(days=days) for days in (-1, 1))
    assert ask(maker, expires_at=sooner.isoformat()).status == 201
    refused = ask(maker, expires_at=later.isoformat())
    assert (refused.code, refused.json()["param"]) == ("grant_too_large", "expires_at")


def test_the_successor_of_a_wider_key_is_not_handed_out(api: Platform) -> None:
    maker, wide = narrow(api), api.key.key
    refused = maker.post(f"keys/{wide.pk}/rotate", {})
    assert (refused.status, refused.code) == (403, "grant_too_large")
    assert Key.objects.get(pk=wide.pk).rotated_at is None
    bound = narrow(api, ip_allow=["203.0.113.0/24"])
    assert bound.post(f"keys/{maker.key.key.pk}/rotate", {}).code == "grant_too_large"
    assert maker.post(f"keys/{maker.key.key.pk}/rotate", {}).status == 201


def test_a_key_that_ends_gets_no_successor_of_another_that_outlives_it(api: Platform) -> None:
    maker = narrow(api, expires_at=clock.real() + timedelta(days=2))
    endless, month, day = (
        narrow(api, expires_at=end and clock.real() + end).key.key
        for end in (None, timedelta(days=30), timedelta(days=1))
    )
    for key in (endless, month):
        refused = maker.post(f"keys/{key.pk}/rotate", {})
        assert (refused.status, refused.code) == (403, "grant_too_large")
        key.refresh_from_db()
        assert key.rotated_at is None
    assert maker.post(f"keys/{day.pk}/rotate", {}).status == 201
    assert maker.post(f"keys/{maker.key.key.pk}/rotate", {}).status == 201


def test_a_client_that_obtains_tokens_by_itself_needs_a_maker_who_covers_them(
    api: Platform,
) -> None:
    maker = narrow(api)
    wanted = {
        "application": api.application.pk,
        "name": "Nightly",
        "grant_types": ["client_credentials"],
    }
    refused = maker.post("clients", wanted)
    assert (refused.status, refused.code) == (403, "grant_too_large")
    assert not Client.objects.exists()
    made = api.post("clients", wanted).json()
    assert maker.post("client_secrets", {"client": made["id"]}).code == "grant_too_large"
    assert api.post("client_secrets", {"client": made["id"]}).status == 201
    plain = wanted | {"grant_types": ["authorization_code"], "redirect_uris": ["https://l.example"]}
    harmless = maker.post("clients", plain).json()
    path = f"clients/{harmless['id']}"
    grants = ["authorization_code", "client_credentials"]
    assert maker.patch(path, {"grant_types": grants}).code == "grant_too_large"
    assert maker.get(path).code == "scope_missing"
    assert Client.objects.get(client_id=harmless["id"]).grant_types == ["authorization_code"]
    assert maker.patch(path, {"name": "Daily"}).json()["name"] == "Daily"


def test_a_bounded_key_makes_no_client_that_is_unbounded(api: Platform) -> None:
    bound = Platform(api.application, api.key.key.tenant, scopes=ALL, ip_allow=["203.0.113.0/24"])
    wanted = {
        "application": api.application.pk,
        "name": "Nightly",
        "grant_types": ["client_credentials"],
    }
    assert bound.post("clients", wanted).code == "grant_too_large"


def test_a_narrowed_client_needs_a_maker_who_covers_that_much_only(api: Platform) -> None:
    maker = Platform(
        api.application,
        api.key.key.tenant,
        scopes=["orders:read", "platform.clients:write"],
    )
    wanted = {
        "application": api.application.pk,
        "name": "Nightly",
        "grant_types": ["client_credentials"],
        "scopes": ["orders:read"],
    }
    answer = maker.post("clients", wanted)
    assert answer.status == 201, answer.content
    path = f"clients/{answer.json()['id']}"
    for wider in ([], ["orders:read", "orders:write"]):
        refused = maker.patch(path, {"scopes": wider})
        assert (refused.status, refused.code) == (403, "grant_too_large")
    assert Client.objects.get().scopes == ["orders:read"]
    assert maker.post("client_secrets", {"client": answer.json()["id"]}).status == 201


def test_a_bounded_credential_widens_no_clients_networks(api: Platform) -> None:
    bound = Platform(api.application, api.key.key.tenant, scopes=ALL, ip_allow=["203.0.113.0/24"])
    client = oidc.client(api.application, ip_allow=["203.0.113.7/32"])
    path = f"clients/{client.client_id}"
    refused = bound.patch(path, {"ip_allow": ["198.51.100.0/24"]})
    assert (refused.code, refused.json()["param"]) == ("grant_too_large", "ip_allow")
    assert bound.patch(path, {"ip_allow": []}).json()["ip_allow"] == ["203.0.113.0/24"]
    assert bound.patch(path, {"name": "Other"}).json()["ip_allow"] == ["203.0.113.0/24"]


def test_a_token_is_bound_by_its_clients_networks_and_not_by_its_own_end(api: Platform) -> None:
    client = oidc.client(api.application, ip_allow=["203.0.113.0/24"])
    oidc.access_token(client, tenant=api.key.key.tenant, scope=" ".join(ALL))
    token = AccessToken.objects.get()
    api.caller = replace(api.caller, credential=ids.encode("tok", token.public_id))
    made = ask(api).json()
    assert (made["ip_allow"], made["expires_at"]) == (["203.0.113.0/24"], None)


def test_a_credential_that_is_gone_hands_out_nothing(api: Platform) -> None:
    api.caller = replace(api.caller, credential=ids.new("key"))
    assert ask(api).code == "grant_too_large"


def test_keys_that_the_platform_makes_by_itself_manage_nothing(db: None) -> None:
    management.scopes()
    make.plan()
    welcome = onboarding.welcome(make.user())
    assert welcome is not None
    page = keys.page_key(welcome.application, tenant=welcome.sandbox, actor=make.user())
    harmless = sorted(Scope.objects.of_data().values_list("name", flat=True))
    assert welcome.key.scopes == page.key.scopes == harmless
    assert not any(name.startswith("platform.") for name in harmless)


@pytest.mark.parametrize("state", [Application.State.APPROVED, Application.State.SUSPENDED])
def test_a_live_token_of_a_developer_reads_what_is_live(
    live: Platform, state: Application.State
) -> None:
    Application.objects.filter(pk=live.application.pk).update(state=state)
    developer = management.member(live.application.organization, Role.DEVELOPER)
    assert live.on_behalf_of(developer).get("keys").status == 200
