"""What can happen to an application: a small state machine, each move recorded.

draft, changes_requested, rejected -> submitted -> approved | changes_requested | rejected;
any state -> suspended -> the state before.
"""

from django.db import transaction
from django.db.models import F, Value

from apps.accounts.models import User
from apps.applications import pins
from apps.applications.errors import WrongState
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.orgs.actors import Actor, person
from apps.orgs.models import Organization

State = Application.State
RESUBMITTABLE = {State.DRAFT, State.CHANGES_REQUESTED, State.REJECTED}
IN_REVIEW = {State.SUBMITTED}


@transaction.atomic
def create(
    organization: Organization,
    *,
    name: str,
    actor: Actor,
    description: str = "",
    homepage: str = "",
) -> Application:
    """Make an application that may use sandboxes at once, and live data after review."""
    application = Application.objects.create(
        organization=organization,
        name=name,
        description=description,
        homepage=homepage,
        created_by=person(actor),
    )
    pins.begin(application)
    _record("application.created", application, actor=actor)
    return application


@transaction.atomic
def change(
    application: Application, *, name: str, description: str, homepage: str, actor: Actor
) -> None:
    """Change how the application presents itself."""
    application.name, application.description, application.homepage = name, description, homepage
    application.save(update_fields=["name", "description", "homepage"])
    _record("application.changed", application, actor=actor)


def submit(application: Application, *, actor: Actor) -> None:
    """Ask for review of something that is described: a reviewer reads that first."""
    if application.state in RESUBMITTABLE and not application.description.strip():
        raise Unprocessable(
            f"Describe what {application} does before you submit it: reviewers read that first.",
            param="description",
        )
    _move(application, RESUBMITTABLE, State.SUBMITTED, kind="application.submitted", actor=actor)


def approve(application: Application, *, reason: str, actor: User) -> None:
    """Let the application have live keys."""
    kind = "application.approved"
    _move(application, IN_REVIEW, State.APPROVED, kind=kind, reason=reason, actor=actor)


def request_changes(application: Application, *, reason: str, actor: User) -> None:
    """Send the application back with what must change."""
    kind = "application.changes_requested"
    _move(application, IN_REVIEW, State.CHANGES_REQUESTED, kind=kind, reason=reason, actor=actor)


def reject(application: Application, *, reason: str, actor: User) -> None:
    """Decline the application; it may be submitted again."""
    kind = "application.rejected"
    _move(application, IN_REVIEW, State.REJECTED, kind=kind, reason=reason, actor=actor)


@transaction.atomic
def suspend(application: Application, *, reason: str, actor: User) -> None:
    """Refuse every call of the application until it is reinstated."""
    running = Application.objects.filter(pk=application.pk).exclude(state=State.SUSPENDED)
    if not running.update(
        state_before_suspension=F("state"), state=State.SUSPENDED, state_reason=reason
    ):
        raise WrongState(f"{application} is suspended already.")
    application.refresh_from_db()
    _record("application.suspended", application, actor=actor, reason=reason)


@transaction.atomic
def reinstate(application: Application, *, reason: str, actor: User) -> None:
    """Put the application back into the state it was suspended from."""
    stopped = Application.objects.filter(pk=application.pk, state=State.SUSPENDED)
    if not stopped.update(
        state=F("state_before_suspension"), state_before_suspension=Value(""), state_reason=reason
    ):
        raise WrongState(f"{application} is not suspended.")
    application.refresh_from_db()
    _record("application.reinstated", application, actor=actor, reason=reason)


@transaction.atomic
def _move(
    application: Application,
    origin: set[State],
    goal: State,
    *,
    kind: str,
    reason: str = "",
    actor: Actor,
) -> None:
    moved = Application.objects.filter(pk=application.pk, state__in=origin).update(
        state=goal, state_reason=reason
    )
    application.refresh_from_db()
    if not moved:
        raise WrongState(f"{application} is {application.get_state_display().lower()}.")
    _record(kind, application, actor=actor, reason=reason)


def _record(kind: str, application: Application, *, actor: Actor, **data: str) -> None:
    events.emit(
        kind,
        application,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        **data,
    )
