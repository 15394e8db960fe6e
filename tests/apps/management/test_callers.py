"""A credential asks what it is and what it may use."""

from dataclasses import replace

from apps.orgs.models import Role
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


def test_scopes_are_listed_in_words(api: Platform) -> None:
    listed = api.get("scopes?limit=100").json()["data"]
    assert [one["id"] for one in listed] == sorted(management.ALL)
    page = api.get("scopes?limit=2").json()
    following = api.get(f"scopes?limit=2&starting_after={page['next_cursor']}").json()["data"]
    assert [one["id"] for one in following] == sorted(management.ALL)[2:4]
