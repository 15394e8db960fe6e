"""A developer asks for another plan, and an operator decides. The decision is mailed."""

from django.db import transaction
from django.db.models import Model

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.errors import Missing, Unprocessable
from apps.events import services as events
from apps.notifications import services as notifications
from apps.orgs.recipients import responsible
from apps.plans import services as plans
from apps.plans.errors import RequestDecided, RequestWaits
from apps.plans.models import ChangeRequest, Plan
from apps.plans.overrides import said

State = ChangeRequest.State


@transaction.atomic
def request(
    application: Application, *, plan: Plan, reason: str, actor: events.Known | None
) -> ChangeRequest:
    """Ask for ``plan``; one request of an application waits at a time."""
    Application.objects.select_for_update().get(pk=application.pk)
    if not plan.is_public:
        raise Missing("No plan with this name is offered.", param="plan")
    if on(application) == plan:
        raise Unprocessable(f"The application is on {plan.name} already.", param="plan")
    if application.plan_requests.filter(state=State.WAITING).exists():
        raise RequestWaits
    made = ChangeRequest.objects.create(
        application=application,
        plan=plan,
        reason=said(reason),
        requested_by=actor if isinstance(actor, User) else None,
    )
    _emit("plan.requested", made, actor, plan=plan.slug, reason=made.reason)
    return made


@transaction.atomic
def withdraw(change: ChangeRequest, *, actor: events.Known | None) -> None:
    """Ask no longer."""
    change = _waiting(change)
    _close(change, State.WITHDRAWN)
    _emit("plan.request_withdrawn", change, actor, plan=change.plan.slug)


@transaction.atomic
def approve(change: ChangeRequest, *, reason: str, actor: User) -> None:
    """Put the application on the newest version of the plan it asked for."""
    reason, change = said(reason), _waiting(change)
    _close(change, State.APPROVED, reason, actor)
    version = change.plan.versions.latest("number")
    plans.subscribe(change.application, version=version, actor=actor)
    _emit("plan.request_approved", change, actor, plan=change.plan.slug, reason=reason)
    _tell(change, f"{change.application} is on the plan {change.plan} now")


@transaction.atomic
def decline(change: ChangeRequest, *, reason: str, actor: User) -> None:
    """Leave the application on its plan, and say why."""
    reason, change = said(reason), _waiting(change)
    _close(change, State.DECLINED, reason, actor)
    _emit("plan.request_declined", change, actor, plan=change.plan.slug, reason=reason)
    _tell(change, f"{change.application} stays on its plan: {change.plan} was declined")


def on(application: Application) -> Plan | None:
    """Return the plan that an application is on."""
    return Plan.objects.filter(versions__subscriptions=application.pk).first()


def _waiting(change: ChangeRequest) -> ChangeRequest:
    """Return the request, locked; RequestDecided when nobody waits for it any more."""
    found = ChangeRequest.objects.select_for_update(of=("self",)).select_related(
        "application__organization", "plan"
    )
    waiting = found.filter(pk=change.pk, state=State.WAITING).first()
    if waiting is None:
        raise RequestDecided
    return waiting


def _close(
    change: ChangeRequest, state: ChangeRequest.State, reason: str = "", by: User | None = None
) -> None:
    change.state, change.decision_reason = state, reason
    change.decided_by, change.decided_at = by, clock.real()
    change.save(update_fields=["state", "decision_reason", "decided_by", "decided_at"])


def _emit(
    kind: str, change: ChangeRequest, actor: events.Known | Model | None, **data: str
) -> None:
    events.emit(
        kind,
        change,
        actor=actor,
        organization=change.application.organization_id,
        application=change.application_id,
        **data,
    )


def _tell(change: ChangeRequest, heading: str) -> None:
    """Write to those who answer for the organization, and to whoever asked."""
    application = change.application
    recipients = responsible(application.organization_id, maker=change.requested_by_id)
    notifications.notify(
        recipients,
        subject=heading,
        template="decision",
        context={
            "heading": heading,
            "reason": change.decision_reason,
            "path": f"/applications/{application.pk}/limits",
        },
    )
