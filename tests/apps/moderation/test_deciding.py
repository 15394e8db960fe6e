"""Reviewers decide about applications, and developers hear of it."""

from collections.abc import Callable

import pytest

from apps.accounts.models import User
from apps.applications import services as applications
from apps.applications.errors import WrongState
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.events.models import Event
from apps.moderation import services as moderation
from apps.moderation.models import Decision
from apps.notifications.models import Message
from apps.orgs.models import Membership, Role
from tests.support import make

Decide = Callable[..., Decision]


@pytest.fixture
def reviewer(db: None) -> User:
    return make.operator()


@pytest.fixture
def submitted(developer: User) -> Application:
    application = make.application(developer.memberships.get().organization)
    applications.submit(application, actor=developer)
    return application


@pytest.mark.parametrize(
    ("decide", "state", "event"),
    [
        (moderation.approve, "approved", "application.approved"),
        (moderation.request_changes, "changes_requested", "application.changes_requested"),
        (moderation.reject, "rejected", "application.rejected"),
        (moderation.suspend, "suspended", "application.suspended"),
    ],
)
def test_a_decision_moves_the_application_and_is_recorded(
    decide: Decide, state: str, event: str, submitted: Application, reviewer: User
) -> None:
    decision = decide(submitted, reason="  Read on page 2. ", actor=reviewer)
    submitted.refresh_from_db()
    assert (submitted.state, submitted.state_reason) == (state, "Read on page 2.")
    assert (decision.verdict, decision.decided_by) == (state, reviewer)
    recorded = Event.objects.get(type=event)
    assert (recorded.actor, recorded.subject) == (reviewer.pk, submitted.pk)
    assert recorded.data == {"reason": "Read on page 2."}


def test_owners_and_admins_hear_of_it_and_nobody_else_does(
    submitted: Application, developer: User, reviewer: User
) -> None:
    admin, coder, gone = make.user(), make.user(), make.user(is_active=False)
    for user, role in ((admin, Role.ADMIN), (coder, Role.DEVELOPER), (gone, Role.OWNER)):
        Membership.objects.create(organization=submitted.organization, user=user, role=role)
    moderation.reject(submitted, reason="No privacy policy & no imprint.", actor=reviewer)
    mail = Message.objects.get()
    assert mail.recipients == sorted([developer.email, admin.email])
    assert mail.subject == "Invoicer was not approved"
    assert "No privacy policy & no imprint." in mail.text
    assert f"/applications/{submitted.pk}" in mail.text
    assert mail.sent_at is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_decision_needs_a_reason_of_reasonable_length(
    reason: str, submitted: Application, reviewer: User
) -> None:
    with pytest.raises(Unprocessable):
        moderation.approve(submitted, reason=reason, actor=reviewer)
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    assert not Message.objects.exists()


def test_a_decision_that_comes_too_late_changes_nothing(
    submitted: Application, reviewer: User
) -> None:
    moderation.approve(submitted, reason="Good.", actor=reviewer)
    with pytest.raises(WrongState):
        moderation.reject(submitted, reason="Bad.", actor=reviewer)
    assert Decision.objects.count() == 1
    assert Message.objects.count() == 1


def test_a_suspended_application_returns_to_where_it_was(
    submitted: Application, reviewer: User
) -> None:
    moderation.approve(submitted, reason="Good.", actor=reviewer)
    moderation.suspend(submitted, reason="Abuse.", actor=reviewer)
    moderation.reinstate(submitted, reason="A mistake of ours.", actor=reviewer)
    submitted.refresh_from_db()
    assert submitted.state == "approved"
    assert [decision.verdict for decision in submitted.decisions.all()] == [
        "reinstated",
        "suspended",
        "approved",
    ]


def test_a_suspended_organization_hears_why(submitted: Application, reviewer: User) -> None:
    organization = submitted.organization
    moderation.suspend_organization(organization, reason="Unpaid.", actor=reviewer)
    assert organization.suspended_at is not None
    moderation.reinstate_organization(organization, reason="Paid.", actor=reviewer)
    assert organization.suspended_at is None
    assert [mail.subject for mail in Message.objects.order_by("queued_at")] == [
        "Bicycle Shop is suspended",
        "Bicycle Shop may call again",
    ]
    assert Event.objects.filter(subject=organization.pk, data__reason="Unpaid.").exists()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_an_organization_is_not_suspended_or_reinstated_without_a_reason(
    reason: str, submitted: Application, reviewer: User
) -> None:
    organization = submitted.organization
    with pytest.raises(Unprocessable):
        moderation.suspend_organization(organization, reason=reason, actor=reviewer)
    organization.refresh_from_db()
    assert organization.suspended_at is None
    moderation.suspend_organization(organization, reason="Unpaid.", actor=reviewer)
    with pytest.raises(Unprocessable):
        moderation.reinstate_organization(organization, reason=reason, actor=reviewer)
    organization.refresh_from_db()
    assert organization.suspended_at is not None
    assert Message.objects.count() == 1
