"""What people read of an approved application is what a reviewer saw."""

from importlib import import_module

import pytest
from django.apps import apps

from apps.accounts.models import User
from apps.applications import logos, presenting
from apps.applications import services as applications
from apps.applications.errors import WrongState
from apps.applications.models import Application, Presentation
from apps.applications.presenting import Change
from apps.core.errors import Unprocessable
from apps.events.models import Event
from apps.moderation import services as moderation
from apps.moderation.models import Decision
from apps.notifications.models import Message
from apps.orgs import services as orgs
from tests.support import make
from tests.support.faces import fresh, owner, picture, rename

pytestmark = pytest.mark.django_db
State = Application.State


@pytest.fixture
def reviewer() -> User:
    return make.operator()


@pytest.fixture
def application(reviewer: User) -> Application:
    """An approved application that looks as its reviewer saw it."""
    made = make.application(name="Invoicer")
    applications.submit(made, actor=owner(made))
    moderation.approve(made, reason="Fine.", actor=reviewer)
    return fresh(made)


def queue() -> list[Application]:
    return list(Application.objects.changed_since_review())


def test_an_approved_application_looks_as_it_was_approved(application: Application) -> None:
    changed = rename(application, homepage="https://bank.example")
    assert presenting.shown(changed).name == "Invoicer"
    assert presenting.is_verified(changed)
    assert presenting.is_waiting(changed)
    assert presenting.changes(changed) == [
        Change("name", "Invoicer", "Acme Bank"),
        Change("homepage", "", "https://bank.example"),
    ]
    assert queue() == [changed]


def test_another_logo_waits_too_and_so_does_none(application: Application) -> None:
    logos.change(application, upload=picture("red"), actor=owner(application))
    waiting = fresh(application)
    assert presenting.shown(waiting).logo == ""
    presenting.approve(waiting, actor=make.operator())
    assert presenting.shown(waiting).logo == waiting.logo.digest
    assert bytes(waiting.presentation.png or b"") == bytes(waiting.logo.png)
    logos.remove(waiting, actor=owner(application))
    waiting = fresh(application)
    assert presenting.shown(waiting).logo
    assert queue() == [waiting]


def test_another_name_of_the_organization_waits_for_each_of_its_applications(
    application: Application,
) -> None:
    second = make.application(application.organization, approved=True, name="Second")
    make.application(application.organization, name="Draft")
    orgs.rename(application.organization, name="Acme Bank", actor=owner(application))
    assert {one.pk for one in queue()} == {application.pk, second.pk}
    assert presenting.shown(fresh(application)).publisher == "Bicycle Shop"


def test_what_was_never_approved_looks_as_its_developers_want() -> None:
    draft = make.application()
    changed = rename(draft)
    assert presenting.shown(changed).name == "Acme Bank"
    assert not presenting.is_verified(changed)
    assert presenting.changes(changed) == []
    assert queue() == []


def test_another_description_waits_for_nobody(application: Application) -> None:
    changed = rename(application, "Invoicer", description="Writes invoices.")
    assert not presenting.is_waiting(changed)
    assert queue() == []


def test_a_reviewer_lets_people_see_the_change(application: Application, reviewer: User) -> None:
    changed = rename(application)
    moderation.approve_changes(changed, reason="It is yours.", actor=reviewer)
    assert presenting.shown(fresh(application)).name == "Acme Bank"
    assert queue() == []
    event = Event.objects.get(type="application.presentation_approved")
    assert (event.actor, event.data["name"]) == (reviewer.pk, "Acme Bank")
    assert Decision.objects.filter(verdict="presented", reason="It is yours.").exists()
    assert Message.objects.filter(subject="People see Acme Bank as you changed it").exists()


def test_a_reviewer_declines_the_change_and_it_is_not_asked_again(
    application: Application, reviewer: User
) -> None:
    changed = rename(application)
    moderation.decline_changes(changed, reason="You are no bank.", actor=reviewer)
    after = fresh(application)
    assert (after.name, presenting.shown(after).name) == ("Acme Bank", "Invoicer")
    assert after.presentation.refused_because == "You are no bank."
    assert not presenting.is_waiting(after)
    assert queue() == []
    with pytest.raises(WrongState, match="wait"):
        moderation.decline_changes(after, reason="Again.", actor=reviewer)
    other = rename(application, "Acme Books")
    assert queue() == [other]
    assert presenting.is_waiting(other)


def test_going_back_to_what_was_approved_needs_nobody(
    application: Application, reviewer: User
) -> None:
    rename(application)
    back = rename(application, "Invoicer")
    assert queue() == []
    with pytest.raises(WrongState):
        moderation.approve_changes(back, reason="Fine.", actor=reviewer)


def test_what_is_changed_while_a_reviewer_reads_is_not_approved(
    application: Application, reviewer: User
) -> None:
    changed = rename(application, "Invoicer 2")
    seen = presenting.wanted(changed).mark
    rename(application, "Acme Bank")
    for decide in (moderation.approve_changes, moderation.decline_changes):
        with pytest.raises(WrongState, match="changed meanwhile"):
            decide(fresh(application), seen=seen, reason="Fine.", actor=reviewer)
    assert presenting.shown(fresh(application)).name == "Invoicer"
    assert not Decision.objects.filter(verdict__in=["presented", "not_presented"]).exists()


def test_what_is_changed_during_the_first_review_is_not_approved_either(reviewer: User) -> None:
    made = make.application()
    applications.submit(made, actor=owner(made))
    seen = presenting.wanted(made).mark
    rename(made)
    with pytest.raises(WrongState, match="changed meanwhile"):
        moderation.approve(fresh(made), seen=seen, reason="Fine.", actor=reviewer)
    after = fresh(made)
    assert after.state == State.SUBMITTED
    assert not Presentation.objects.exists()


def test_a_suspended_application_is_not_verified_and_shows_what_was_approved(
    application: Application, reviewer: User
) -> None:
    changed = rename(application)
    moderation.suspend(changed, reason="Spam.", actor=reviewer)
    stopped = fresh(application)
    assert not presenting.is_verified(stopped)
    assert presenting.shown(stopped).name == "Invoicer"
    assert queue() == []
    with pytest.raises(WrongState):
        moderation.approve_changes(stopped, reason="Fine.", actor=reviewer)
    moderation.reinstate(stopped, reason="Sorry.", actor=reviewer)
    assert presenting.is_verified(fresh(application))
    assert queue() == [fresh(application)]


def test_a_reason_is_needed_to_decline(application: Application, reviewer: User) -> None:
    with pytest.raises(Unprocessable):
        moderation.decline_changes(rename(application), reason=" ", actor=reviewer)


@pytest.mark.parametrize(
    ("state", "before", "kept"),
    [
        (State.APPROVED, "", True),
        (State.SUSPENDED, State.APPROVED, True),
        (State.SUSPENDED, State.DRAFT, False),
        (State.SUBMITTED, "", False),
    ],
)
def test_what_was_approved_before_goes_on_looking_as_it_does(
    state: str, before: str, *, kept: bool
) -> None:
    made = make.application()
    logos.change(made, upload=picture("red"), actor=owner(made))
    Application.objects.filter(pk=made.pk).update(state=state, state_before_suspension=before)
    for _ in range(2):
        import_module("apps.applications.migrations.0003_presentation").keep(apps, None)
    assert Presentation.objects.filter(pk=made.pk).exists() == kept
    if kept:
        assert presenting.changes(fresh(made)) == []
