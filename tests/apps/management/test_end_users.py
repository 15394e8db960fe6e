"""Programs find the invented people of a sandbox, whom its developers may answer for."""

from apps.tenants.end_users import CAST
from apps.tenants.models import Membership
from tests.support import make, management
from tests.support.management import Platform


def test_the_cast_of_a_sandbox_is_listed(api: Platform) -> None:
    listed = api.get("end_users").json()["data"]
    assert {one["name"] for one in listed} == {name for _, name in CAST}
    one = listed[0]
    assert (one["object"], one["livemode"], one["tenant"]) == ("end_user", False, api.caller.tenant)
    assert one["email"].endswith("@people.test")
    assert api.get(f"end_users/{one['id']}").json() == one


def test_another_sandbox_has_its_own(api: Platform) -> None:
    other = make.sandbox(api.application.organization)
    assert len(api.get("end_users").json()["data"]) == 2 * len(CAST)
    listed = api.get(f"end_users?tenant={other.pk}").json()["data"]
    assert [one["tenant"] for one in listed] == [other.pk] * len(CAST)


def test_real_people_are_told_to_no_program(api: Platform, live: Platform) -> None:
    person = make.user()
    Membership.objects.create(tenant=api.key.key.tenant, user=person)
    Membership.objects.create(tenant=live.key.key.tenant, user=person)
    assert person.pk not in str(api.get("end_users").json())
    assert api.get(f"end_users/{person.pk}").code == "not_found"
    assert live.get("end_users").json()["data"] == []


def test_strangers_find_none(api: Platform) -> None:
    theirs = management.sandboxed().get("end_users").json()["data"][0]["id"]
    assert api.get(f"end_users/{theirs}").code == "not_found"
