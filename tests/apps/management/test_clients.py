"""Programs make OAuth clients, exchange their secrets and delete them."""

from typing import Any

from apps.core import clock
from apps.oauth import client_secrets
from apps.oauth.models import AccessToken, Client, ClientSecret
from apps.orgs.models import Role
from tests.support import management, oidc
from tests.support.management import Platform


def made(api: Platform, **fields: Any) -> Any:
    wanted = {
        "application": api.application.pk,
        "name": "Back office",
        "redirect_uris": ["https://ledger.example/callback"],
        **fields,
    }
    answer = api.post("clients", wanted)
    assert answer.status == 201, answer.content
    return answer.json()


def test_a_client_is_made_in_the_environment_of_the_call(api: Platform, live: Platform) -> None:
    sandboxed, real = made(api), made(live)
    assert (sandboxed["livemode"], real["livemode"]) == (False, True)
    assert sandboxed["redirect_uris"] == ["https://ledger.example/callback"]
    assert sandboxed["grant_types"] == ["authorization_code", "refresh_token"]
    assert api.get(f"clients/{sandboxed['id']}").json() == sandboxed


def test_redirect_uris_are_replaced_and_what_may_not_stand_is_named(api: Platform) -> None:
    client = made(api)
    path = f"clients/{client['id']}"
    wanted = ["https://ledger.example/back", "http://127.0.0.1/callback"]
    assert api.patch(path, {"redirect_uris": wanted}).json()["redirect_uris"] == wanted
    refused = api.patch(path, {"redirect_uris": ["http://ledger.example", "https://*.example"]})
    assert (refused.status, refused.json()["param"]) == (422, "redirect_uris")
    assert [fault["line"] for fault in refused.json()["errors"]] == [1, 2]
    assert api.get(path).json()["redirect_uris"] == wanted


def test_a_secret_is_shown_once_and_the_others_end_after_the_overlap(api: Platform) -> None:
    client = made(api)
    first = api.post("client_secrets", {"client": client["id"]}).json()
    second = api.post("client_secrets", {"client": client["id"], "overlap_hours": 2}).json()
    row = Client.objects.get(client_id=client["id"])
    assert client_secrets.check(row, first["secret"])
    assert client_secrets.check(row, second["secret"])
    ending = ClientSecret.objects.get(pk=first["id"]).expires_at
    assert ending is not None
    assert ending > clock.real()
    listed = api.get(f"client_secrets?client={client['id']}").json()["data"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert "secret" not in listed[0]


def test_a_secret_is_revoked_and_twice_is_harmless(api: Platform) -> None:
    client = made(api)
    secret = api.post("client_secrets", {"client": client["id"]}).json()
    path = f"client_secrets/{secret['id']}/revoke"
    revoked = api.post(path).json()
    assert revoked["revoked_at"] is not None
    assert api.post(path).json() == revoked
    assert not client_secrets.check(Client.objects.get(client_id=client["id"]), secret["secret"])


def test_a_replay_shows_no_client_secret(api: Platform) -> None:
    client = made(api)
    first = api.post("client_secrets", {"client": client["id"]}, Idempotency_Key="s")
    again = api.post("client_secrets", {"client": client["id"]}, Idempotency_Key="s")
    assert again.json() == first.json() | {"secret": None}
    assert ClientSecret.objects.count() == 1


def test_a_public_client_has_no_secret(api: Platform) -> None:
    client = made(api, authentication="none")
    answer = api.post("client_secrets", {"client": client["id"]})
    assert (answer.status, answer.code) == (400, "bad_request")


def test_a_deleted_client_takes_its_tokens_with_it(live: Platform) -> None:
    client = made(live)
    row = Client.objects.get(client_id=client["id"])
    oidc.access_token(row, tenant=live.key.key.tenant)
    assert live.delete(f"clients/{client['id']}").status == 204
    assert live.get(f"clients/{client['id']}").code == "not_found"
    assert not AccessToken.objects.exists()


def test_a_secret_expands_to_its_client_and_application(api: Platform) -> None:
    client = made(api)
    secret = api.post("client_secrets", {"client": client["id"]}).json()
    found = api.get(f"client_secrets/{secret['id']}?expand[]=client.application").json()
    assert found["client"]["application"]["id"] == api.application.pk


def test_a_developer_makes_and_changes_no_live_client_by_a_token_either(live: Platform) -> None:
    client = made(live)
    developer = management.member(live.application.organization, Role.DEVELOPER)
    live.on_behalf_of(developer)
    wanted = {"application": live.application.pk, "name": "Mine", "redirect_uris": []}
    refused = live.post("clients", wanted)
    assert (refused.status, refused.code) == (403, "role_missing")
    assert refused.json()["action"] == "client.create_live"
    theirs = {"redirect_uris": ["https://elsewhere.example/callback"]}
    assert live.patch(f"clients/{client['id']}", theirs).code == "role_missing"
    assert live.get(f"clients/{client['id']}").json() == client


def test_a_client_is_narrowed_in_networks_and_scopes(api: Platform) -> None:
    client = made(api, ip_allow=["203.0.113.0/24"], scopes=["orders:write", "orders:read"])
    assert client["ip_allow"] == ["203.0.113.0/24"]
    assert client["scopes"] == ["orders:read", "orders:write"]
    path = f"clients/{client['id']}"
    assert api.patch(path, {"scopes": ["orders:read"]}).json()["scopes"] == ["orders:read"]
    wide = api.patch(path, {"scopes": [], "ip_allow": []}).json()
    assert (wide["scopes"], wide["ip_allow"]) == ([], [])
    assert api.get(path).json() == wide


def test_a_network_or_scope_that_is_none_is_refused_and_nothing_changes(api: Platform) -> None:
    client = made(api)
    path = f"clients/{client['id']}"
    for wrong, status in (({"ip_allow": ["the office"]}, 400), ({"scopes": ["moon:land"]}, 422)):
        refused = api.patch(path, {"name": "Other", **wrong})
        assert (refused.status, refused.json()["param"]) == (status, next(iter(wrong)))
    assert api.get(path).json() == client
