"""Deciding about applications and organizations: a reason, an event, a row, a mail."""

from collections.abc import Callable, Iterable

from django.db import transaction

from apps.accounts.models import User
from apps.applications import presenting
from apps.applications import scopes as application_scopes
from apps.applications import services as applications
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.moderation import withdrawal
from apps.moderation.models import Decision
from apps.notifications import services as notifications
from apps.orgs import services as orgs
from apps.orgs.models import Membership, Organization, Role

Verdict = Decision.Verdict
REASON_LIMIT = 500
SUBJECTS = {
    Verdict.APPROVED: "{} is approved for live traffic",
    Verdict.CHANGES_REQUESTED: "{} needs changes before it can go live",
    Verdict.REJECTED: "{} was not approved",
    Verdict.SUSPENDED: "{} is suspended",
    Verdict.REINSTATED: "{} may call again",
    Verdict.SCOPES: "What {} may do on live data has changed",
    Verdict.PRESENTED: "People see {} as you changed it",
    Verdict.NOT_PRESENTED: "People go on seeing {} as it was",
}


@transaction.atomic
def approve(
    application: Application,
    *,
    reason: str,
    actor: User,
    scopes: Iterable[str] | None = None,
    seen: str | None = None,
) -> Decision:
    """Let a submitted application have live keys, with ``scopes`` or with all it asks for.

    ``seen`` is how it looked to the reviewer: what was changed meanwhile is not approved unseen.
    """

    def move(subject: Application, *, reason: str, actor: User) -> None:
        applications.approve(subject, reason=reason, actor=actor)
        presenting.keep(subject, seen=seen)

    decision = _decide(application, move, Verdict.APPROVED, reason, actor)
    wanted = application.requested_scopes if scopes is None else scopes
    _let_have(application, wanted, actor)
    return decision


@transaction.atomic
def decide_scopes(
    application: Application, *, scopes: Iterable[str], reason: str, actor: User
) -> Decision:
    """Let an approved application have exactly ``scopes`` on live data.

    Keys lose what is withdrawn, and tokens that hold it end.
    """

    def move(subject: Application, *, reason: str, actor: User) -> None:
        _let_have(subject, scopes, actor)

    return _decide(application, move, Verdict.SCOPES, reason, actor)


def approve_changes(
    application: Application, *, reason: str, actor: User, seen: str | None = None
) -> Decision:
    """Let people see an approved application as its developers changed it."""

    def move(subject: Application, *, reason: str, actor: User) -> None:
        presenting.approve(subject, seen=seen, actor=actor)

    return _decide(application, move, Verdict.PRESENTED, reason, actor)


def decline_changes(
    application: Application, *, reason: str, actor: User, seen: str | None = None
) -> Decision:
    """Let people go on seeing an approved application as it was."""

    def move(subject: Application, *, reason: str, actor: User) -> None:
        presenting.refuse(subject, reason=reason, seen=seen, actor=actor)

    return _decide(application, move, Verdict.NOT_PRESENTED, reason, actor)


def request_changes(application: Application, *, reason: str, actor: User) -> Decision:
    """Send a submitted application back; ``reason`` says what must change."""
    move = applications.request_changes
    return _decide(application, move, Verdict.CHANGES_REQUESTED, reason, actor)


def reject(application: Application, *, reason: str, actor: User) -> Decision:
    """Decline a submitted application."""
    return _decide(application, applications.reject, Verdict.REJECTED, reason, actor)


def suspend(application: Application, *, reason: str, actor: User) -> Decision:
    """Refuse every call of an application until it is reinstated."""
    return _decide(application, applications.suspend, Verdict.SUSPENDED, reason, actor)


def reinstate(application: Application, *, reason: str, actor: User) -> Decision:
    """Put a suspended application back where it was."""
    return _decide(application, applications.reinstate, Verdict.REINSTATED, reason, actor)


@transaction.atomic
def suspend_organization(organization: Organization, *, reason: str, actor: User) -> None:
    """Refuse every call of an organization's applications, and tell its owners why."""
    reason = _reason(reason)
    orgs.suspend(organization, reason=reason, actor=actor)
    _tell(organization, SUBJECTS[Verdict.SUSPENDED], organization.name, reason)


@transaction.atomic
def reinstate_organization(organization: Organization, *, reason: str, actor: User) -> None:
    """Let an organization's applications call again, and tell its owners."""
    reason = _reason(reason)
    orgs.reinstate(organization, reason=reason, actor=actor)
    _tell(organization, SUBJECTS[Verdict.REINSTATED], organization.name, reason)


@transaction.atomic
def _decide(
    application: Application,
    move: Callable[..., None],
    verdict: Decision.Verdict,
    reason: str,
    actor: User,
) -> Decision:
    reason = _reason(reason)
    move(application, reason=reason, actor=actor)
    decision = Decision.objects.create(
        application=application, verdict=verdict, reason=reason, decided_by=actor
    )
    path = f"/applications/{application.pk}"
    _tell(application.organization, SUBJECTS[verdict], application.name, reason, path)
    return decision


def _let_have(application: Application, scopes: Iterable[str], actor: User) -> None:
    if gone := application_scopes.approve(application, scopes=scopes, actor=actor):
        withdrawal.withdraw(application, gone, actor=actor)


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Unprocessable("Say why: the developer reads it.", param="reason")
    if len(reason) > REASON_LIMIT:
        raise Unprocessable(f"Say it in {REASON_LIMIT} characters.", param="reason")
    return reason


def _tell(
    organization: Organization, subject: str, name: str, reason: str, path: str = "/overview"
) -> None:
    """Write to those who answer for the organization."""
    recipients = Membership.objects.filter(
        organization=organization, role__in=(Role.OWNER, Role.ADMIN), user__is_active=True
    ).values_list("user__email", flat=True)
    notifications.notify(
        recipients,
        subject=subject.format(name),
        template="decision",
        context={"heading": subject.format(name), "reason": reason, "path": path},
    )
