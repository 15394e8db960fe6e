"""Programs read the plans that are offered, and ask for another one."""

import pytest

from apps.applications.models import Application
from apps.events.models import Event
from apps.plans import changes, services
from apps.plans.models import ChangeRequest, Plan, Subscription
from tests.support import make
from tests.support.management import Platform

PRO = [{"name": "burst", "kind": "rate", "limit": 900, "window": 1, "burst": 950}]


@pytest.fixture
def pro(db: None) -> Plan:
    services.publish("secret", name="Secret", limits=PRO)
    return services.publish("pro", name="Pro", limits=PRO, is_public=True).plan


def asked(api: Platform, plan: str = "pro", reason: str = "We grow.") -> dict[str, str]:
    return {"application": api.application.pk, "plan": plan, "reason": reason}


def test_the_plans_that_are_offered_are_listed_with_what_they_allow(
    api: Platform, pro: Plan
) -> None:
    (plan,) = api.get("plans").json()["data"]
    assert (plan["id"], plan["name"], plan["summary"]) == ("pro", "Pro", None)
    (policy,) = plan["limits"]
    assert (policy["name"], policy["limit"], policy["burst"]) == ("burst", 900, 950)


def test_a_program_asks_and_reads_the_decision(live: Platform, pro: Plan) -> None:
    answer = live.post("plan_requests", asked(live))
    assert (answer.status, answer.json()["state"]) == (201, "waiting")
    row = ChangeRequest.objects.get()
    assert (row.pk, row.requested_by) == (answer.json()["id"], None)
    event = Event.objects.get(type="plan.requested")
    assert event.actor == live.caller.credential
    again = live.post("plan_requests", asked(live))
    assert (again.status, again.code) == (409, "plan_request_waits")
    changes.approve(row, reason="Welcome.", actor=make.operator())
    found = live.get(f"plan_requests/{row.pk}").json()
    assert (found["state"], found["decision_reason"]) == ("approved", "Welcome.")
    assert Subscription.objects.get(pk=live.application.pk).version.plan == pro
    late = live.post(f"plan_requests/{row.pk}/withdraw")
    assert (late.status, late.code) == (409, "plan_request_decided")
    assert [one["id"] for one in live.get("plan_requests?state=approved").json()["data"]] == [
        row.pk
    ]
    assert live.get("plan_requests?state=waiting").json()["data"] == []


def test_a_request_is_withdrawn(live: Platform, pro: Plan) -> None:
    made = live.post("plan_requests", asked(live)).json()
    gone = live.post(f"plan_requests/{made['id']}/withdraw").json()
    assert gone["state"] == "withdrawn"
    assert gone["decided_at"] is not None


@pytest.mark.parametrize("wrong", [{"plan": "secret"}, {"plan": "nothing"}])
def test_only_what_is_offered_can_be_asked_for(
    wrong: dict[str, str], live: Platform, pro: Plan
) -> None:
    answer = live.post("plan_requests", asked(live) | wrong)
    assert (answer.status, answer.json()["param"]) == (422, "plan")
    assert not ChangeRequest.objects.exists()


def test_a_sandbox_key_and_other_organizations_ask_for_nothing(
    api: Platform, live: Platform, pro: Plan
) -> None:
    refused = api.post("plan_requests", asked(api))
    assert (refused.status, refused.code) == (403, "role_missing")
    others = make.application()
    foreign = live.post("plan_requests", asked(live) | {"application": others.pk})
    assert (foreign.status, foreign.json()["param"]) == (422, "application")
    theirs = changes.request(others, plan=pro, reason="Ours.", actor=None)
    assert live.get(f"plan_requests/{theirs.pk}").status == 404
    assert live.get("plan_requests").json()["data"] == []
    assert Application.objects.get(pk=others.pk).plan_requests.get().state == "waiting"
