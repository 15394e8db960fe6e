"""Other limits for one application, for a while: an event for a customer, a migration, an attack.

Gateways hear of it at once, and let it end by themselves: each reads the end with the limits.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.plans import limits as rules
from apps.plans.errors import OverrideEnded
from apps.plans.models import REASON_LIMIT, Override

LONGEST = timedelta(days=366)


@transaction.atomic
def override(
    application: Application,
    *,
    limits: list[dict[str, Any]],
    ends_at: datetime,
    reason: str,
    actor: User | None,
) -> Override:
    """Put ``limits`` in place of their namesakes until ``ends_at``; an earlier override ends."""
    policies = _read(limits)
    reason = said(reason)
    now = clock.real()
    if not now < ends_at <= now + LONGEST:
        raise Unprocessable("It must end in the future, within a year.", param="ends_at")
    Application.objects.select_for_update().get(pk=application.pk)
    for former in application.overrides.filter(ended_at=None):
        former.ended_at = min(now, former.ends_at)
        former.save(update_fields=["ended_at"])
    made = Override.objects.create(
        application=application,
        limits=limits,
        reason=reason,
        made_by=actor,
        created_at=now,
        ends_at=ends_at,
    )
    names = [policy.name for policy in policies]
    _emit("plan.overridden", made, actor, limits=names, reason=reason)
    return made


@transaction.atomic
def end(override: Override, *, reason: str, actor: User | None) -> None:
    """Let the plan's own limits hold again, before the time is over."""
    reason = said(reason)
    found = Override.objects.select_for_update().open().filter(pk=override.pk).first()
    if found is None:
        raise OverrideEnded
    found.ended_at = override.ended_at = clock.real()
    found.save(update_fields=["ended_at"])
    _emit("plan.override_ended", found, actor, reason=reason)


def said(reason: str) -> str:
    """Return a reason, trimmed; Unprocessable without one."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LIMIT:
        raise Unprocessable(f"Say why, in {REASON_LIMIT} characters.", param="reason")
    return reason


def _read(limits: list[dict[str, Any]]) -> tuple[rules.Policy, ...]:
    try:
        policies = rules.parse(limits)
    except rules.Invalid as error:
        raise Unprocessable(str(error), param="limits") from error
    if not policies:
        raise Unprocessable("Name the limits that are to be others.", param="limits")
    return policies


def _emit(kind: str, subject: Override, actor: User | None, **data: Any) -> None:
    events.emit(
        kind,
        subject,
        actor=actor,
        organization=subject.application.organization_id,
        application=subject.application_id,
        ends_at=subject.ends_at.isoformat(),
        **data,
    )
