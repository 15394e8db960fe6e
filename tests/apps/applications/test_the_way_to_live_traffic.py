"""An application goes from sandbox to live through review, and can be stopped at any time."""

from collections.abc import Callable

import pytest

from apps.accounts.models import User
from apps.applications import services
from apps.applications.errors import WrongState
from apps.applications.models import Application
from apps.events.models import Event
from tests.support import make

pytestmark = pytest.mark.django_db
State = Application.State


@pytest.fixture
def reviewer() -> User:
    return make.operator()


@pytest.fixture
def application() -> Application:
    return make.application()


def test_a_submitted_application_is_approved(application: Application, reviewer: User) -> None:
    services.submit(application, actor=reviewer)
    services.approve(application, reason="Looks fine", actor=reviewer)
    assert application.state == State.APPROVED
    kinds = Event.objects.filter(subject=application.pk).values_list("type", flat=True)
    assert {"application.submitted", "application.approved"} <= set(kinds)


def test_a_draft_cannot_be_approved_without_review(
    application: Application, reviewer: User
) -> None:
    with pytest.raises(WrongState, match="sandbox only"):
        services.approve(application, reason="", actor=reviewer)
    application.refresh_from_db()
    assert application.state == State.DRAFT
    assert not Event.objects.filter(type="application.approved").exists()


@pytest.mark.parametrize("verdict", [services.request_changes, services.reject])
def test_what_was_sent_back_may_be_submitted_again(
    application: Application, reviewer: User, verdict: Callable[..., None]
) -> None:
    services.submit(application, actor=reviewer)
    verdict(application, reason="Explain the scopes", actor=reviewer)
    assert application.state_reason == "Explain the scopes"
    services.submit(application, actor=reviewer)
    assert application.state == State.SUBMITTED


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.APPROVED])
def test_reinstating_brings_back_the_state_before(
    application: Application, reviewer: User, state: str
) -> None:
    Application.objects.update(state=state)
    services.suspend(application, reason="Abuse", actor=reviewer)
    assert application.state == State.SUSPENDED
    services.reinstate(application, reason="Appeal granted", actor=reviewer)
    assert application.state == state


def test_suspending_twice_is_told_and_keeps_the_first_reason(
    application: Application, reviewer: User
) -> None:
    services.suspend(application, reason="Abuse", actor=reviewer)
    with pytest.raises(WrongState):
        services.suspend(application, reason="Again", actor=reviewer)
    application.refresh_from_db()
    assert application.state_reason == "Abuse"
    assert Event.objects.filter(type="application.suspended").count() == 1


def test_a_suspended_application_cannot_submit_itself_back(
    application: Application, reviewer: User
) -> None:
    services.suspend(application, reason="Abuse", actor=reviewer)
    with pytest.raises(WrongState):
        services.submit(application, actor=reviewer)
    assert application.state == State.SUSPENDED


@pytest.mark.parametrize("state", [State.SUBMITTED, State.APPROVED])
def test_what_waits_or_is_approved_is_not_submitted_again(
    state: State, application: Application, reviewer: User
) -> None:
    Application.objects.filter(pk=application.pk).update(state=state)
    with pytest.raises(WrongState):
        services.submit(application, actor=reviewer)
    assert application.state == state
    assert not Event.objects.filter(type="application.submitted").exists()
