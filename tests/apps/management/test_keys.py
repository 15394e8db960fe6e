"""Programs make keys, rotate them and close them; secrets are shown once."""

from datetime import timedelta
from typing import Any

import pytest

from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.core import clock, ids, secrets
from apps.idempotency.models import KeptAnswer
from apps.keys import services as keys
from apps.keys.models import Key
from apps.orgs.models import Role
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
from tests.support import make, management
from tests.support.management import ALL, Platform


def body(api: Platform, **fields: Any) -> dict[str, Any]:
    return {
        "application": api.application.pk,
        "name": "Staging",
        "scopes": ["orders:read"],
        **fields,
    }


def test_a_key_is_made_and_its_secret_is_in_this_answer_only(api: Platform) -> None:
    answer = api.post("keys", body(api))
    assert answer.status == 201
    made = answer.json()
    secret = made.pop("secret")
    row = keys.find(secret)
    assert row is not None
    assert (row.pk, row.scopes, row.tenant_id) == (made["id"], ["orders:read"], api.caller.tenant)
    assert row.created_by is None
    assert (made["kind"], made["state"], made["livemode"]) == ("restricted", "active", False)
    assert secret.startswith(made["start"])
    assert secret.endswith(made["hint"])
    assert api.get(f"keys/{row.pk}").json() == made
    assert secret not in str(api.get("keys").json())


def test_a_key_is_called_what_its_scopes_make_it(api: Platform) -> None:
    data = ["orders:read", "orders:write"]
    Scope.objects.of_data().exclude(name__in=data).delete()
    make.scopes(*data)
    kinds = {
        kind: api.post("keys", body(api, scopes=scopes)).json()["kind"]
        for kind, scopes in {
            "secret": data,
            "narrower": data[:1],
            "managing": [*data, "platform.keys:read"],
        }.items()
    }
    assert kinds == {"secret": "secret", "narrower": "restricted", "managing": "restricted"}
    assert api.post("keys", body(api, scopes=data, kind="restricted")).json()["start"][-1] == "r"
    before = Key.objects.count()
    refused = api.post("keys", body(api, kind="secret"))
    assert (refused.status, refused.json()["param"]) == (422, "kind")
    assert Key.objects.count() == before


def test_a_secret_key_of_live_data_has_all_that_is_approved(live: Platform) -> None:
    given = ["orders:read"]
    Application.objects.filter(pk=live.application.pk).update(approved_scopes=given)
    made = live.post("keys", body(live, scopes=given, kind="secret"))
    assert (made.status, made.json()["kind"]) == (201, "secret")


def test_another_sandbox_of_the_organization_may_be_named(api: Platform) -> None:
    other = make.sandbox(api.application.organization)
    made = api.post("keys", body(api, tenant=other.pk, kind="restricted")).json()
    assert (made["tenant"], made["kind"]) == (other.pk, "restricted")
    assert made["start"].endswith("_r")


@pytest.mark.parametrize("param", ["application", "tenant"])
def test_a_body_names_nothing_of_others(api: Platform, param: str) -> None:
    stranger = management.sandboxed()
    theirs = {"application": stranger.application.pk, "tenant": stranger.caller.tenant}
    nobodys = {"application": ids.new("app"), "tenant": ids.new("tnt")}
    for named in (theirs, nobodys):
        answer = api.post("keys", body(api) | {param: named[param]})
        assert (answer.status, answer.code) == (422, "unprocessable")
        assert answer.json()["param"] == param


def test_a_sandbox_key_makes_no_live_key(api: Platform) -> None:
    live = make.live(api.application.organization)
    answer = api.post("keys", body(api, tenant=live.pk))
    assert (answer.status, answer.json()["param"]) == (422, "tenant")


def test_a_live_key_makes_live_keys_of_approved_applications_only(live: Platform) -> None:
    made = live.post("keys", body(live)).json()
    assert (made["livemode"], made["start"]) == (True, "trl_live_r")
    draft = make.application(live.application.organization)
    refused = live.post("keys", body(live, application=draft.pk))
    assert (refused.status, refused.code) == (403, "application_not_approved")


def test_a_developer_makes_no_live_key_by_a_token_either(live: Platform) -> None:
    developer = management.member(live.application.organization, Role.DEVELOPER)
    refused = live.on_behalf_of(developer).post("keys", body(live))
    assert (refused.status, refused.code) == (403, "role_missing")
    assert refused.json()["action"] == "key.create_live"


def test_name_and_networks_change_and_nothing_else(api: Platform) -> None:
    made = api.post("keys", body(api)).json()
    path = f"keys/{made['id']}"
    changed = api.patch(path, {"name": "Production", "ip_allow": ["203.0.113.7/24"]}).json()
    assert (changed["name"], changed["ip_allow"]) == ("Production", ["203.0.113.0/24"])
    assert api.patch(path, {"scopes": ["orders:write"]}).code == "parameter_unknown"
    assert api.patch(path, {"ip_allow": ["everywhere"]}).json()["param"] == "ip_allow"
    assert Key.objects.get(pk=made["id"]).ip_allow == ["203.0.113.0/24"]


def test_a_key_is_rotated_with_an_overlap_and_once(api: Platform) -> None:
    made = api.post("keys", body(api)).json()
    path = f"keys/{made['id']}/rotate"
    answer = api.post(path, {"overlap_hours": 2, "silent_hours": 1})
    assert answer.status == 201
    successor = answer.json()
    assert (successor["rotated_from"], successor["scopes"]) == (made["id"], ["orders:read"])
    assert keys.find(successor["secret"]) == Key.objects.get(pk=successor["id"])
    old = api.get(f"keys/{made['id']}").json()
    assert old["state"] == "retiring"
    left = Key.objects.get(pk=made["id"]).expires_at
    assert left is not None
    assert timedelta(hours=1, minutes=59) < left - clock.real() <= timedelta(hours=2)
    assert api.post(path, {}).code == "key_rotated_already"


def test_a_key_is_revoked_and_twice_is_harmless(api: Platform) -> None:
    made = api.post("keys", body(api)).json()
    path = f"keys/{made['id']}/revoke"
    revoked = api.post(path, {"reason": "Lost"}).json()
    assert revoked["state"] == "revoked"
    assert api.post(path, {}).json()["revoked_at"] == revoked["revoked_at"]
    assert Key.objects.get(pk=made["id"]).revoked_reason == "Lost"
    assert api.post(f"keys/{made['id']}/rotate", {}).code == "key_closed"


def test_a_replay_makes_no_second_key_and_shows_no_secret(api: Platform) -> None:
    before = Key.objects.count()
    first = api.post("keys", body(api), Idempotency_Key="once")
    again = api.post("keys", body(api), Idempotency_Key="once")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status, again.json()) == (201, first.json() | {"secret": None})
    assert Key.objects.count() == before + 1
    with acting_in(Tenant.objects.get(pk=api.caller.tenant)):
        kept = KeptAnswer.objects.get(key="once")
    assert first.json()["secret"].encode() not in bytes(kept.body)


def test_the_role_is_asked_before_an_answer_is_replayed(api: Platform) -> None:
    organization = api.application.organization
    owner = organization.memberships.get().user
    api.on_behalf_of(owner).post("keys", body(api), Idempotency_Key="once")
    auditor = management.member(organization, Role.AUDITOR)
    again = api.on_behalf_of(auditor).post("keys", body(api), Idempotency_Key="once")
    assert (again.status, again.code) == (403, "role_missing")


def test_the_last_use_changes_the_answers_etag_and_stops_no_writer(api: Platform) -> None:
    path = f"keys/{api.key.key.pk}"
    tag = api.get(path).headers["ETag"]
    Key.objects.filter(pk=api.key.key.pk).update(last_used_at=clock.real())
    assert api.get(path, If_None_Match=tag).status == 200
    assert api.patch(path, {"name": "Same"}, If_Match=tag).status == 200
    assert api.patch(path, {"name": "Late"}, If_Match=tag).code == "precondition_failed"


def test_application_and_tenant_expand(api: Platform) -> None:
    path = f"keys/{api.key.key.pk}?expand[]=application&expand[]=tenant"
    found = api.get(path).json()
    assert found["application"]["name"] == api.application.name
    assert found["tenant"]["kind"] == "sandbox"
    narrow = Platform(
        api.application, api.key.key.tenant, scopes=ALL - {"platform.applications:read"}
    )
    assert narrow.get(path).code == "scope_missing"


def test_keys_are_filtered_by_what_became_of_them(api: Platform) -> None:
    made = api.post("keys", body(api)).json()
    api.post(f"keys/{made['id']}/revoke", {})
    gone = api.get("keys?revoked=true").json()["data"]
    assert [key["id"] for key in gone] == [made["id"]]
    kept = api.get(f"keys?revoked=false&application={api.application.pk}").json()["data"]
    assert [key["id"] for key in kept] == [api.key.key.pk]
    assert api.get("keys?application=nonsense").json()["data"] == []


def rotated(api: Platform) -> tuple[Any, Any]:
    old = api.post("keys", body(api)).json()
    return old, api.post(f"keys/{old['id']}/rotate", {"overlap_hours": 24}).json()


def test_an_overlap_is_given_another_end_and_ended(api: Platform) -> None:
    old, new = rotated(api)
    later = clock.real() + timedelta(days=3)
    path = f"keys/{old['id']}"
    wanted = {"ends_at": later.isoformat(), "silent_hours": 2}
    changed = api.post(f"{path}/overlap", wanted).json()
    assert (changed["id"], changed["state"]) == (old["id"], "retiring")
    row = Key.objects.get(pk=old["id"])
    assert (row.expires_at, row.silent_hours) == (later, 2)
    assert api.post(f"{path}/overlap", {"ends_at": later.isoformat()}).status == 200
    assert Key.objects.get(pk=old["id"]).silent_hours is None
    assert api.post(f"{path}/end").json()["state"] == "rotated"
    assert api.get(f"keys/{new['id']}").json()["state"] == "active"


def test_an_overlap_ends_in_the_future_within_a_week_and_exists(api: Platform) -> None:
    old, new = rotated(api)
    for days in (-1, 8):
        wrong = {"ends_at": (clock.real() + timedelta(days=days)).isoformat()}
        refused = api.post(f"keys/{old['id']}/overlap", wrong)
        assert (refused.status, refused.json()["param"]) == (400, "ends_at")
    fine = {"ends_at": (clock.real() + timedelta(days=1)).isoformat()}
    for path, sent in (("overlap", fine), ("end", None)):
        refused = api.post(f"keys/{new['id']}/{path}", sent)
        assert (refused.status, refused.code) == (409, "key_not_rotating")
    assert api.get(f"keys/{old['id']}").json()["state"] == "retiring"


def check(api: Platform, text: str) -> Any:
    return api.post("keys/check", {"text": text}).json()


def test_a_secret_is_told_which_key_it_is(api: Platform) -> None:
    made = api.post("keys", body(api, kind="restricted")).json()
    assert check(api, made["secret"]) == {
        "object": "key_check",
        "kind": "restricted",
        "livemode": False,
        "fault": None,
        "key": made["id"],
    }
    api.post(f"keys/{made['id']}/revoke", {})
    assert check(api, made["secret"])["key"] == made["id"]


def test_somebody_elses_key_looks_like_one_that_was_never_issued(
    api: Platform, live: Platform
) -> None:
    never = check(api, secrets.mint("test"))
    assert (never["kind"], never["key"]) == ("secret", None)
    assert check(api, management.sandboxed().key.secret) == never
    assert check(api, live.key.secret) == never | {"livemode": True}


def test_what_is_no_key_is_told_by_its_shape(api: Platform) -> None:
    token = check(api, secrets.mint("live", kind="a"))
    assert (token["kind"], token["livemode"], token["key"]) == ("access_token", True, None)
    for text, fault in (
        ("hello", "malformed"),
        (f" {api.key.secret}", "surrounded"),
        (api.key.secret[:-1] + "-", "malformed"),
        (secrets.mint("test")[:-6] + "000000", "checksum"),
    ):
        told = check(api, text)
        assert (told["fault"], told["kind"], told["livemode"], told["key"]) == (
            fault,
            None,
            None,
            None,
        )


def test_an_auditor_may_check_a_key(live: Platform) -> None:
    auditor = management.member(live.application.organization, Role.AUDITOR)
    live.on_behalf_of(auditor)
    assert check(live, live.key.secret)["key"] == live.key.key.pk
