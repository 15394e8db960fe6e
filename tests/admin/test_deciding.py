"""Decisions in the admin need a permission and a reason, and leave a trail."""

import re

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission
from django.test import Client

from apps.accounts.models import Terms, User
from apps.applications import services as applications
from apps.applications.models import Application
from apps.events.models import Event
from apps.keys.models import Key
from apps.moderation.models import Decision
from apps.notifications.models import Message
from apps.plans.models import Plan, PlanVersion
from tests.support import make


@pytest.fixture
def submitted(developer: User) -> Application:
    application = make.application(developer.memberships.get().organization)
    applications.submit(application, actor=developer)
    return application


def page(application: Application, action: str = "change") -> str:
    return f"/admin/applications/application/{quote(application.pk)}/{action}/"


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("approve", "approved"),
        ("request-changes", "changes_requested"),
        ("reject", "rejected"),
        ("suspend", "suspended"),
    ],
)
def test_a_decision_asks_for_a_reason_and_takes_effect(
    action: str, state: str, submitted: Application, admin: Client, operator: User
) -> None:
    asked = admin.get(page(submitted, action))
    assert asked.status_code == 200
    assert b'name="reason"' in asked.content
    assert not Decision.objects.exists()
    answer = admin.post(page(submitted, action), {"reason": "We looked at it."}, follow=True)
    submitted.refresh_from_db()
    assert (submitted.state, submitted.state_reason) == (state, "We looked at it.")
    assert answer.redirect_chain[-1][0] == page(submitted)
    decided = Event.objects.filter(subject=submitted.pk, actor=operator.pk)
    assert [event.data for event in decided] == [{"reason": "We looked at it."}]
    assert Message.objects.count() == 1


def test_a_reviewer_walks_from_the_queue_to_the_decision(
    submitted: Application, admin: Client
) -> None:
    queue = admin.get("/admin/applications/application/").content.decode()
    (review,) = set(re.findall(r'href="(/admin/applications/application/[^"]+/change/)', queue))
    shown = admin.get(review).content.decode()
    (approve,) = set(re.findall(r'href="(/admin/applications/application/[^"]+/approve/)', shown))
    answer = admin.post(approve, {"reason": "Good."}, follow=True)
    assert answer.redirect_chain[-1][0] == review
    submitted.refresh_from_db()
    assert submitted.state == "approved"


def test_scopes_begin_with_what_is_asked_for_and_later_with_what_was_given(
    submitted: Application, admin: Client
) -> None:
    make.scopes("orders:read", "orders:write")
    Application.objects.filter(pk=submitted.pk).update(requested_scopes=["orders:write"])
    form = admin.get(page(submitted, "approve")).context["form"]
    assert form.initial["scopes"] == ["orders:write"]
    given = {"reason": "Fine.", "scopes": ["orders:read"]}
    admin.post(page(submitted, "approve"), given)
    asked = admin.get(page(submitted, "decide-scopes"))
    assert asked.context["form"].initial["scopes"] == ["orders:read"]
    said = asked.content.decode()
    assert re.search(r"orders:read · [^<]+ risk · approved\s", said)
    assert re.search(r"orders:write · [^<]+ risk · asked for\s", said)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_reason_nothing_happens(
    reason: str, submitted: Application, admin: Client
) -> None:
    answer = admin.post(page(submitted, "approve"), {"reason": reason})
    assert answer.status_code == 200
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    assert not Message.objects.exists()


def test_whoever_may_only_look_may_not_decide(submitted: Application, client: Client) -> None:
    staff = make.user(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_application"))
    client.force_login(staff)
    shown = client.get(page(submitted)).content.decode()
    assert "Approve for live traffic" not in shown
    assert client.get(page(submitted, "approve")).status_code == 403
    assert client.post(page(submitted, "approve"), {"reason": "Mine."}).status_code == 403
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    staff.user_permissions.add(Permission.objects.get(codename="moderate_application"))
    assert "Approve for live traffic" in client.get(page(submitted)).content.decode()


def test_only_what_the_state_allows_is_offered(submitted: Application, admin: Client) -> None:
    shown = admin.get(page(submitted)).content.decode()
    assert "/reject/" in shown
    assert "/reinstate/" not in shown
    late = admin.post(page(submitted, "reinstate"), {"reason": "Too early."}, follow=True)
    assert "is not suspended" in late.content.decode()
    assert not Decision.objects.exists()


def test_a_state_cannot_be_typed(submitted: Application, admin: Client) -> None:
    typed = {"name": "Mine", "state": "approved"}
    assert admin.post(page(submitted), typed).status_code == 403
    submitted.refresh_from_db()
    assert (submitted.name, submitted.state) == ("Invoicer", "submitted")


def test_the_queue_is_filtered_by_state(submitted: Application, admin: Client) -> None:
    make.application(submitted.organization, name="Quiet draft")
    listed = admin.get("/admin/applications/application/", {"state__exact": "submitted"})
    assert "Invoicer" in listed.content.decode()
    assert "Quiet draft" not in listed.content.decode()


def test_an_organization_is_suspended_and_reinstated(submitted: Application, admin: Client) -> None:
    organization = submitted.organization
    base = f"/admin/orgs/organization/{quote(organization.pk)}"
    admin.post(f"{base}/suspend/", {"reason": "Unpaid."})
    organization.refresh_from_db()
    assert organization.suspension_reason == "Unpaid."
    admin.post(f"{base}/reinstate/", {"reason": "Paid."})
    organization.refresh_from_db()
    assert organization.suspended_at is None
    kinds = Event.objects.filter(subject=organization.pk).values_list("type", flat=True)
    assert {"organization.suspended", "organization.reinstated"} <= set(kinds)


def test_a_key_is_revoked_with_a_reason(admin: Client, operator: User) -> None:
    key = make.key().key
    admin.post(f"/admin/keys/key/{quote(key.pk)}/revoke/", {"reason": "Found on a forum."})
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert key.revoked_reason == "Found on a forum."
    assert Event.objects.get(type="key.revoked").actor == operator.pk
    assert "/revoke/" not in admin.get(f"/admin/keys/key/{quote(key.pk)}/change/").content.decode()


def test_a_key_is_not_revoked_by_who_may_only_look(client: Client, db: None) -> None:
    key = make.key().key
    staff = make.user(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_key"))
    client.force_login(staff)
    assert (
        client.post(f"/admin/keys/key/{quote(key.pk)}/revoke/", {"reason": "No."}).status_code
        == 403
    )
    assert Key.objects.usable().filter(pk=key.pk).exists()


def test_a_plan_and_its_next_version_are_published(admin: Client, operator: User) -> None:
    first = '[{"name": "burst", "kind": "rate", "limit": 5, "window": 1}]'
    added = {"slug": "pro", "name": "Pro", "limits": first}
    assert admin.post("/admin/plans/plan/add/", added).status_code == 302
    plan = Plan.objects.get(slug="pro")
    second = {"plan": plan.pk, "limits": first.replace("5", "50")}
    assert admin.post("/admin/plans/planversion/add/", second).status_code == 302
    numbers = plan.versions.order_by("number").values_list("number", "limits__0__limit")
    assert list(numbers) == [(1, 5), (2, 50)]
    assert Event.objects.filter(type="plan.published", actor=operator.pk).count() == 2


@pytest.mark.parametrize("limits", ["nonsense", "{}", '[{"name": "burst", "kind": "rate"}]'])
def test_limits_that_no_gateway_could_enforce_are_refused(limits: str, admin: Client) -> None:
    added = {"slug": "pro", "name": "Pro", "limits": limits}
    assert admin.post("/admin/plans/plan/add/", added).status_code == 200
    assert not Plan.objects.exists()


def test_a_published_version_is_never_changed(admin: Client) -> None:
    version = make.plan().versions.get()
    address = f"/admin/plans/planversion/{quote(version.pk)}/change/"
    assert admin.post(address, {"plan": version.plan_id, "limits": "[]"}).status_code == 403
    assert PlanVersion.objects.get().limits == version.limits


def test_terms_are_published(admin: Client) -> None:
    form = {
        "version": "2",
        "body": "Be nicer.",
        "effective_at_0": "2027-01-01",
        "effective_at_1": "00:00",
    }
    assert admin.post("/admin/accounts/terms/add/", form).status_code == 302
    assert Terms.objects.get().body == "Be nicer."
    assert Event.objects.filter(type="terms.published").exists()


def user_form(**fields: object) -> dict[str, object]:
    inlines = {
        f"{inline}-{name}": 0
        for inline in ("emailaddress_set", "acceptances")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return {**inlines, **fields}


def test_a_superuser_makes_a_reviewer_and_it_is_recorded(
    admin: Client, operator: User, developer: User
) -> None:
    group = Group.objects.create(name="Reviewers")
    form = user_form(is_active="on", is_staff="on", groups=[group.pk])
    address = f"/admin/accounts/user/{quote(developer.pk)}/change/"
    assert admin.post(address, form).status_code == 302
    developer.refresh_from_db()
    assert (developer.is_staff, developer.is_superuser) == (True, False)
    assert list(developer.groups.all()) == [group]
    recorded = Event.objects.filter(subject=developer.pk, actor=operator.pk)
    assert {event.type: event.data for event in recorded} == {
        "account.access_changed": {"changed": {"is_staff": True}},
        "account.groups_changed": {"groups": ["Reviewers"]},
    }


def test_staff_cannot_make_themselves_superusers(client: Client, db: None) -> None:
    staff = make.user(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(staff)
    form = user_form(is_active="on", is_staff="on", is_superuser="on")
    answer = client.post(f"/admin/accounts/user/{quote(staff.pk)}/change/", form)
    assert answer.status_code == 403
    staff.refresh_from_db()
    assert staff.is_superuser is False


def test_whoever_may_decide_but_not_look_decides_nothing(
    submitted: Application, client: Client
) -> None:
    staff = make.user(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="moderate_application"))
    client.force_login(staff)
    for answer in (
        client.get(page(submitted, "approve")),
        client.post(page(submitted, "approve"), {"reason": "Good."}),
    ):
        assert answer.status_code == 403
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    assert not Decision.objects.exists()
