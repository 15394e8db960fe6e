"""The operator's pages of plans: other limits for a while, and requests for plans."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.events.models import Event
from apps.plans import changes, services
from apps.plans.models import ChangeRequest, Override, Plan, PlanVersion, Subscription
from tests.support import make, traffic

LIMITS = '[{"name": "burst", "kind": "rate", "limit": 5, "window": 1}]'


@pytest.fixture
def application(db: None) -> Application:
    return make.application()


def form(**fields: str) -> dict[str, str]:
    end = clock.real() + timedelta(days=2)
    given = {
        "limits": LIMITS,
        "ends_at_0": f"{end:%Y-%m-%d}",
        "ends_at_1": "12:00",
        "reason": "A sale.",
    }
    return given | fields


def page(application: Application) -> str:
    return f"/admin/plans/subscription/{quote(application.pk)}/override/"


def test_an_operator_gives_other_limits_for_a_while_and_ends_them(
    application: Application, admin: Client, operator: User
) -> None:
    shown = admin.get(page(application)).content.decode()
    assert "100000" in shown  # what holds now is where one begins
    assert admin.post(page(application), form()).status_code == 302
    made = Override.objects.get()
    assert (made.limits[0]["limit"], made.reason, made.made_by) == (5, "A sale.", operator)
    own = f"/admin/plans/override/{quote(made.pk)}"
    assert f"{own}/end/" in admin.get(f"{own}/change/").content.decode()
    admin.post(f"{own}/end/", {"reason": "It is over."})
    made.refresh_from_db()
    assert not made.holds
    assert f"{own}/end/" not in admin.get(f"{own}/change/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"limits": "[]"},
        {"limits": '[{"name": "x"}]'},
        {"ends_at_0": "2001-01-01"},
        {"ends_at_0": ""},
    ],
)
def test_nonsense_gives_nobody_other_limits(
    wrong: dict[str, str], application: Application, admin: Client
) -> None:
    admin.post(page(application), form(**wrong))
    assert not Override.objects.exists()


def test_whoever_may_only_look_gives_nothing(application: Application, client: Client) -> None:
    staff = make.user(is_staff=True)
    staff.user_permissions.set(
        Permission.objects.filter(codename__in=["view_subscription", "view_changerequest"])
    )
    client.force_login(staff)
    assert client.post(page(application), form()).status_code == 403
    pro = services.publish("pro", name="Pro", limits=[], is_public=True).plan
    asked = changes.request(application, plan=pro, reason="We grow.", actor=None)
    address = f"/admin/plans/changerequest/{quote(asked.pk)}/approve/"
    assert client.post(address, {"reason": "Mine."}).status_code == 403
    assert not Override.objects.exists()
    assert ChangeRequest.objects.get().state == "waiting"


@pytest.mark.parametrize(("act", "plan"), [("approve", "pro"), ("decline", "free")])
def test_a_request_is_decided_with_a_reason(
    act: str, plan: str, application: Application, admin: Client
) -> None:
    pro = services.publish("pro", name="Pro", limits=[], is_public=True).plan
    asked = changes.request(application, plan=pro, reason="We grow.", actor=None)
    base = f"/admin/plans/changerequest/{quote(asked.pk)}"
    shown = admin.get(f"{base}/change/").content.decode()
    assert "We grow." in shown
    assert "Free v1" in shown
    assert admin.post(f"{base}/{act}/", {"reason": ""}).status_code == 200
    assert ChangeRequest.objects.get().state == "waiting"
    admin.post(f"{base}/{act}/", {"reason": "We looked."})
    assert ChangeRequest.objects.get().decision_reason == "We looked."
    assert Subscription.objects.get(pk=application.pk).version.plan.slug == plan


def test_a_plan_is_offered_and_withdrawn_with_a_reason(
    application: Application, admin: Client
) -> None:
    plan = Plan.objects.get()
    base = f"/admin/plans/plan/{quote(plan.pk)}"
    for act, public in (("offer", True), ("withdraw", False)):
        admin.post(f"{base}/{act}/", {"reason": "So."})
        plan.refresh_from_db()
        assert plan.is_public is public
    kinds = Event.objects.filter(subject=plan.pk).values_list("type", flat=True)
    assert {"plan.offered", "plan.withdrawn"} <= set(kinds)


def test_an_operator_tries_a_draft_before_it_is_published(
    admin: Client, application: Application
) -> None:
    key = make.key(application).key
    for _ in range(2):
        traffic.serve(key)
    plan = PlanVersion.objects.get().plan
    added = admin.get("/admin/plans/planversion/add/").content.decode()
    assert 'formaction="/admin/usage/request/what-if/"' in added
    said = {
        "plan": plan.pk,
        "limits": '[{"name": "pace", "kind": "rate", "limit": 1, "window": 3600}]',
    }
    shown = admin.post("/admin/usage/request/what-if/", said | {"days": "7"}).content.decode()
    assert "Invoicer" in shown
    assert re.search(r"<strong\s*>pace</strong>", shown)
    assert 'formaction="/admin/plans/planversion/add/"' in shown
    assert PlanVersion.objects.count() == 1
    assert admin.post("/admin/plans/planversion/add/", said | {"days": "7"}).status_code == 302
    assert PlanVersion.objects.count() == 2


def test_nonsense_is_not_tried_and_strangers_try_nothing(admin: Client) -> None:
    shown = admin.post("/admin/usage/request/what-if/", {"limits": '[{"name": "x"}]', "days": "1"})
    assert "kind is missing" in shown.content.decode()
    admin.force_login(make.user(is_staff=True))
    assert admin.get("/admin/usage/request/what-if/").status_code == 403
