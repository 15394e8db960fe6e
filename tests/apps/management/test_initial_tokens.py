"""Programs let programs register OAuth clients, in sandboxes."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.oauth import registration
from apps.oauth.client_metadata import Refused
from apps.oauth.models import Client, InitialToken
from tests.support import management, oauth
from tests.support.management import ALL, Platform


def body(api: Platform, **fields: Any) -> dict[str, Any]:
    ends = clock.real() + timedelta(days=7)
    return {"application": api.application.pk, "expires_at": ends.isoformat(), **fields}


def register(secret: str) -> Client:
    return registration.register({"redirect_uris": [oauth.CALLBACK]}, token=secret).client


def test_a_token_registers_as_many_clients_as_it_says(api: Platform) -> None:
    answer = api.post("initial_tokens", body(api, uses=2))
    assert answer.status == 201, answer.content
    made = answer.json()
    secret = made.pop("secret")
    assert (made["uses_left"], made["livemode"]) == (2, False)
    assert secret.endswith(made["hint"])
    path = f"initial_tokens/{made['id']}"
    assert api.get(path).json() == made
    assert register(secret).application == api.application
    assert api.get(path).json()["uses_left"] == 1
    register(secret)
    with pytest.raises(Refused):
        register(secret)
    assert secret not in str(api.get("initial_tokens").json())


def test_a_replay_makes_no_second_token_and_shows_no_secret(api: Platform) -> None:
    wanted = body(api)
    first = api.post("initial_tokens", wanted, Idempotency_Key="t")
    again = api.post("initial_tokens", wanted, Idempotency_Key="t")
    assert again.json() == first.json() | {"secret": None}
    assert InitialToken.objects.count() == 1


def test_a_revoked_token_registers_nothing_and_twice_is_harmless(api: Platform) -> None:
    made = api.post("initial_tokens", body(api, uses=5)).json()
    path = f"initial_tokens/{made['id']}/revoke"
    revoked = api.post(path).json()
    assert revoked["uses_left"] == 0
    assert api.post(path).json() == revoked
    with pytest.raises(Refused):
        register(made["secret"])
    assert not Client.objects.exists()


def test_lists_are_of_one_application_where_it_is_named(api: Platform) -> None:
    other = api.post("applications", {"name": "Ledger"}).json()["id"]
    mine = api.post("initial_tokens", body(api)).json()["id"]
    api.post("initial_tokens", body(api, application=other))
    listed = api.get(f"initial_tokens?application={api.application.pk}").json()["data"]
    assert [one["id"] for one in listed] == [mine]
    found = api.get(f"initial_tokens/{mine}?expand[]=application").json()
    assert found["application"]["id"] == api.application.pk


@pytest.mark.parametrize(
    ("wrong", "param"),
    [({"uses": 0}, "uses"), ({"uses": 101}, "uses"), ({"days": 91}, "expires_at")],
)
def test_a_token_is_good_for_few_clients_and_not_long(
    api: Platform, wrong: dict[str, int], param: str
) -> None:
    fields: dict[str, Any] = dict(wrong)
    if days := fields.pop("days", 0):
        fields["expires_at"] = (clock.real() + timedelta(days=days)).isoformat()
    refused = api.post("initial_tokens", body(api, **fields))
    assert (refused.status, refused.json()["param"]) == (400, param)
    assert not InitialToken.objects.exists()


def test_what_could_register_more_than_its_maker_may_is_not_handed_out(api: Platform) -> None:
    tenant = api.key.key.tenant
    narrow = Platform(api.application, tenant, scopes=ALL - {"orders:write"})
    refused = narrow.post("initial_tokens", body(narrow))
    assert (refused.status, refused.code) == (403, "grant_too_large")
    assert "orders:write" in refused.json()["detail"]
    bound = Platform(api.application, tenant, scopes=ALL, ip_allow=["203.0.113.0/24"])
    assert bound.post("initial_tokens", body(bound)).code == "grant_too_large"
    assert not InitialToken.objects.exists()


def test_a_live_credential_neither_sees_nor_makes_what_is_for_sandboxes(live: Platform) -> None:
    refused = live.post("initial_tokens", body(live))
    assert (refused.status, refused.code) == (403, "sandbox_credential_needed")
    assert not InitialToken.objects.exists()
    api = management.sandboxed(live.application.organization)
    made = api.post("initial_tokens", body(api)).json()["id"]
    assert live.get("initial_tokens").json()["data"] == []
    assert live.get(f"initial_tokens/{made}").code == "not_found"
    assert live.post(f"initial_tokens/{made}/revoke").code == "not_found"
    assert InitialToken.objects.get().uses_left == 1
