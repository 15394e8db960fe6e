"""Programs make applications, change them, and ask for review."""

from apps.applications.models import Application
from apps.events.models import Event
from apps.moderation import services as moderation
from apps.plans.models import Subscription
from tests.support import make, management
from tests.support.management import Platform


def test_an_application_is_made_on_the_default_plan_and_asks_for_scopes(api: Platform) -> None:
    answer = api.post(
        "applications",
        {"name": "Ledger", "requested_scopes": ["orders:read"], "optional_scopes": ["profile"]},
    )
    assert answer.status == 201
    made = answer.json()
    assert (made["state"], made["livemode"], made["homepage"]) == ("draft", False, None)
    assert (made["requested_scopes"], made["optional_scopes"]) == (["orders:read"], ["profile"])
    row = Application.objects.get(pk=made["id"])
    assert (row.organization_id, row.created_by) == (api.caller.organization, None)
    assert Subscription.objects.filter(application=row).exists()
    event = Event.objects.get(type="application.created", subject=row.pk)
    assert event.actor == api.caller.credential


def test_with_a_person_behind_the_token_the_person_made_it(api: Platform) -> None:
    owner = api.application.organization.memberships.get().user
    made = api.on_behalf_of(owner).post("applications", {"name": "Ledger"}).json()
    assert Application.objects.get(pk=made["id"]).created_by == owner
    assert Event.objects.get(type="application.created", subject=made["id"]).actor == owner.pk


def test_only_given_members_change_and_null_clears(api: Platform) -> None:
    made = api.post(
        "applications", {"name": "Ledger", "description": "Books", "homepage": "https://l.example"}
    ).json()
    path = f"applications/{made['id']}"
    changed = api.patch(path, {"homepage": None}).json()
    assert changed == made | {"homepage": None}
    assert api.get(path).json() == changed


def test_a_scope_that_does_not_exist_is_refused_and_nothing_is_made(api: Platform) -> None:
    before = Application.objects.count()
    answer = api.post("applications", {"name": "Ledger", "requested_scopes": ["moon:land"]})
    assert (answer.status, answer.json()["param"]) == (422, "scopes")
    assert Application.objects.count() == before


def test_an_application_without_a_description_is_not_submitted(api: Platform) -> None:
    made = api.post("applications", {"name": "Ledger"}).json()
    refused = api.post(f"applications/{made['id']}/submit")
    assert (refused.status, refused.json()["param"]) == (422, "description")
    assert api.get(f"applications/{made['id']}").json()["state"] == "draft"
    api.patch(f"applications/{made['id']}", {"description": "Keeps the books."})
    assert api.post(f"applications/{made['id']}/submit").json()["state"] == "submitted"


def test_an_application_is_submitted_once(api: Platform) -> None:
    path = f"applications/{api.application.pk}/submit"
    assert api.post(path).json()["state"] == "submitted"
    again = api.post(path)
    assert (again.status, again.code) == (409, "application_state")


def test_a_sandbox_key_reads_an_approved_application_and_does_not_change_it(db: None) -> None:
    team = make.organization()
    real = management.live(team)
    api = management.sandboxed(team)
    path = f"applications/{real.application.pk}"
    assert api.get(path).json()["livemode"] is True
    refused = api.patch(path, {"name": "Mallory"})
    assert (refused.status, refused.code) == (403, "live_credential_needed")
    assert real.patch(path, {"name": "Books"}).json()["name"] == "Books"


def test_two_writers_do_not_overwrite_each_other(api: Platform) -> None:
    path = f"applications/{api.application.pk}"
    tag = api.get(path).headers["ETag"]
    assert api.patch(path, {"name": "First"}, If_Match=tag).status == 200
    late = api.patch(path, {"name": "Second"}, If_Match=tag)
    assert (late.status, late.code) == (412, "precondition_failed")
    assert api.get(path).json()["name"] == "First"


def test_what_the_caller_holds_is_not_sent_again(api: Platform) -> None:
    path = f"applications/{api.application.pk}"
    tag = api.get(path).headers["ETag"]
    assert api.get(path, If_None_Match=tag).status == 304
    api.patch(path, {"name": "Other"})
    assert api.get(path, If_None_Match=tag).status == 200


def test_lists_are_filtered_and_members_chosen(api: Platform) -> None:
    api.post("applications", {"name": "Ledger"})
    api.post(f"applications/{api.application.pk}/submit")
    listed = api.get("applications?state=submitted&fields=name").json()["data"]
    assert listed == [
        {"object": "application", "id": api.application.pk, "name": api.application.name}
    ]
    assert api.get("applications?colour=red").code == "parameter_unknown"
    wrong = api.post("applications", {"name": "Ledger", "colour": "red"})
    assert (wrong.code, wrong.json()["param"]) == ("parameter_unknown", "colour")


def test_what_people_read_is_what_was_approved_until_a_reviewer_sees_the_change(
    db: None,
) -> None:
    team = make.organization()
    real, api = management.live(team), management.sandboxed(team)
    path = f"applications/{real.application.pk}"
    changed = real.patch(path, {"name": "Acme Bank", "homepage": "https://bank.example"}).json()
    assert (changed["name"], changed["homepage"]) == ("Acme Bank", "https://bank.example")
    approved = {"approved_name": "Invoicer", "approved_homepage": None, "approved_logo": None}
    assert approved.items() <= changed.items()
    moderation.approve_changes(
        Application.objects.get(pk=real.application.pk), reason="Theirs.", actor=make.operator()
    )
    assert real.get(path).json()["approved_name"] == "Acme Bank"
    draft = api.get(f"applications/{api.application.pk}").json()
    assert (draft["name"], draft["approved_name"]) == ("Invoicer", None)
