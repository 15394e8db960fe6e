"""A developer asks for another plan; an operator decides once, and says why."""

import pytest

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import Missing, Unprocessable
from apps.events.models import Event
from apps.notifications.models import Message
from apps.orgs.models import Membership
from apps.plans import changes, services
from apps.plans.errors import RequestDecided, RequestWaits
from apps.plans.models import ChangeRequest, Plan, Subscription
from tests.support import make

pytestmark = pytest.mark.django_db
PRO = [{"name": "burst", "kind": "rate", "limit": 900, "window": 1}]


@pytest.fixture
def application() -> Application:
    return make.application()


@pytest.fixture
def pro() -> Plan:
    return services.publish("pro", name="Pro", limits=PRO, is_public=True).plan


def asked(application: Application, plan: Plan, reason: str = "We grow.") -> ChangeRequest:
    return changes.request(application, plan=plan, reason=reason, actor=application.created_by)


def test_approval_puts_it_on_the_newest_version_and_is_mailed(
    application: Application, pro: Plan
) -> None:
    request = asked(application, pro)
    newest = services.publish("pro", name="Pro", limits=[*PRO[:0], PRO[0] | {"limit": 950}])
    operator = make.operator()
    changes.approve(request, reason="Welcome.", actor=operator)
    assert Subscription.objects.get(pk=application.pk).version == newest
    request.refresh_from_db()
    assert (request.state, request.decided_by, request.decision_reason) == (
        "approved",
        operator,
        "Welcome.",
    )
    mail = Message.objects.get()
    assert application.created_by
    assert mail.recipients == [application.created_by.email]
    assert "Welcome." in mail.text
    assert f"/applications/{application.pk}/limits" in mail.text
    kinds = set(Event.objects.filter(application=application.pk).values_list("type", flat=True))
    assert {"plan.requested", "plan.subscribed", "plan.request_approved"} <= kinds


def test_a_declined_request_changes_no_plan(application: Application, pro: Plan) -> None:
    before = Subscription.objects.get(pk=application.pk).version
    request = asked(application, pro)
    changes.decline(request, reason="Not yet.", actor=make.operator())
    assert Subscription.objects.get(pk=application.pk).version == before
    assert "Not yet." in Message.objects.get().text
    assert asked(application, pro).state == "waiting"


def test_only_one_waits_and_it_can_be_withdrawn(application: Application, pro: Plan) -> None:
    first = asked(application, pro)
    with pytest.raises(RequestWaits):
        asked(application, pro)
    changes.withdraw(first, actor=application.created_by)
    second = asked(application, pro)
    assert second.pk != first.pk
    assert not Message.objects.exists()


def test_what_was_decided_is_decided(application: Application, pro: Plan) -> None:
    request, operator = asked(application, pro), make.operator()
    changes.decline(request, reason="No.", actor=operator)
    with pytest.raises(RequestDecided):
        changes.approve(request, reason="Yes.", actor=operator)
    with pytest.raises(RequestDecided):
        changes.decline(request, reason="No.", actor=operator)
    with pytest.raises(RequestDecided):
        changes.withdraw(request, actor=operator)
    assert Message.objects.count() == 1
    assert Subscription.objects.get(pk=application.pk).version.plan.slug == "free"


def test_only_plans_that_are_offered_can_be_asked_for(application: Application) -> None:
    hidden = services.publish("secret", name="Secret", limits=PRO).plan
    with pytest.raises(Missing):
        asked(application, hidden)
    own = changes.on(application)
    assert own is not None
    services.offer(own, public=True, reason="All may.", actor=make.operator())
    with pytest.raises(Unprocessable, match="already"):
        asked(application, own)
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_whoever_asks_or_decides_says_why(reason: str, application: Application, pro: Plan) -> None:
    with pytest.raises(Unprocessable):
        asked(application, pro, reason)
    request = asked(application, pro)
    with pytest.raises(Unprocessable):
        changes.approve(request, reason=reason, actor=make.operator())
    request.refresh_from_db()
    assert request.state == "waiting"


def test_whoever_asked_and_left_is_not_written_to(application: Application, pro: Plan) -> None:
    developer: User = make.user()
    Membership.objects.create(
        user=developer, organization=application.organization, role="developer"
    )
    request = changes.request(application, plan=pro, reason="We grow.", actor=developer)
    developer.memberships.all().delete()
    changes.approve(request, reason="Yes.", actor=make.operator())
    assert developer.email not in Message.objects.get().recipients
