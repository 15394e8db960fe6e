"""Programs find, make and remove the invented people of a sandbox, to answer for."""

from apps.accounts.models import User
from apps.events.models import Event
from apps.oauth.models import AccessToken, Consent
from apps.orgs.models import Role
from apps.tenants.end_users import CAST
from apps.tenants.models import Membership
from tests.support import consent, make, management
from tests.support.management import Platform


def test_the_cast_of_a_sandbox_is_listed(api: Platform) -> None:
    listed = api.get("end_users").json()["data"]
    assert {one["name"] for one in listed} == set(CAST)
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


def test_one_is_made_once_however_often_it_is_asked(api: Platform) -> None:
    wanted = {"name": "Ada Lindqvist"}
    answers = [api.post("end_users", wanted, Idempotency_Key="ada") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    made, again = (answer.json() for answer in answers)
    assert made == again == api.get(f"end_users/{made['id']}").json()
    assert (made["name"], made["tenant"]) == ("Ada Lindqvist", api.caller.tenant)
    assert len(api.get("end_users").json()["data"]) == len(CAST) + 1
    event = Event.objects.get(type="end_user.invented")
    assert (event.subject, event.actor) == (made["id"], api.caller.credential)


def test_one_is_made_in_a_named_sandbox_of_the_organization_only(
    api: Platform, live: Platform
) -> None:
    other = make.sandbox(api.application.organization)
    made = api.post("end_users", {"name": "Ada", "tenant": other.pk}).json()
    assert made["tenant"] == other.pk
    for theirs in (make.sandbox(), make.live(api.application.organization)):
        refused = api.post("end_users", {"name": "Ada", "tenant": theirs.pk})
        assert (refused.status, refused.json()["param"]) == (422, "tenant")
    refused = live.post("end_users", {"name": "Ada"})
    assert (refused.status, refused.code) == (403, "sandbox_credential_needed")
    assert Event.objects.filter(type="end_user.invented").count() == 1


def test_one_is_removed_with_what_was_allowed_as_them(api: Platform) -> None:
    place = Membership.objects.filter(tenant=api.caller.tenant).select_related("user", "tenant")[0]
    consent.connect(consent.client(api.application), place.user, place.tenant)
    [token] = AccessToken.objects.all()
    path = f"end_users/{place.user_id}"
    assert [api.delete(path, Idempotency_Key="gone").status for _ in range(2)] == [204, 204]
    assert api.delete(path).code == api.get(path).code == "not_found"
    assert Event.objects.get(type="token.revoked").data["digests"] == [token.token_checksum]
    assert not Consent.objects.exists()
    assert not User.objects.filter(pk=place.user_id).exists()
    event = Event.objects.get(type="end_user.removed")
    assert (event.subject, event.actor) == (place.user_id, api.caller.credential)
    assert len(api.get("end_users").json()["data"]) == len(CAST) - 1


def test_real_people_and_those_of_others_are_not_removed(api: Platform, live: Platform) -> None:
    person, leader = make.user(), management.member(api.application.organization, Role.ADMIN)
    Membership.objects.create(tenant=api.key.key.tenant, user=person)
    Membership.objects.create(tenant=live.key.key.tenant, user=person)
    theirs = management.sandboxed().get("end_users").json()["data"][0]["id"]
    mia = api.get("end_users").json()["data"][0]["id"]
    for caller, key in ((api, person.pk), (live, person.pk), (api, theirs), (api, leader.pk)):
        answer = caller.delete(f"end_users/{key}")
        assert (answer.status, answer.code) == (404, "not_found")
    assert management.live(api.application.organization).delete(f"end_users/{mia}").status == 404
    assert not Event.objects.filter(type="end_user.removed").exists()
    assert Membership.objects.filter(user=person).count() == 2


def test_a_page_that_was_read_before_is_not_removed_after_a_change(api: Platform) -> None:
    one = api.get("end_users").json()["data"][0]["id"]
    read = api.get(f"end_users/{one}").headers["ETag"]
    User.objects.filter(pk=one).update(name="Somebody else")
    stale = api.delete(f"end_users/{one}", If_Match=read)
    assert (stale.status, stale.code) == (412, "precondition_failed")
    assert api.get(f"end_users/{one}").json()["name"] == "Somebody else"
