"""What an application's plan allows, and how much of it is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from apps.applications.models import Application
from apps.core import clock, ids
from apps.plans.limits import Period, Policy, parse, period_of
from apps.plans.models import Subscription
from apps.usage import rollups
from apps.usage.selectors.numbers import query


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit of the plan.

    ``used`` is in cost units and known only for an application's quotas: rates are counted for
    seconds, and a key's quota has as many counts as there are keys. ``window`` is seconds.
    """

    name: str
    kind: Literal["rate", "quota", "concurrency"]
    limit: int
    used: int | None
    period_end: datetime | None
    scope: str = "application"
    window: int = 0
    period: Period | None = None


def limits_of(application: Application) -> list[LimitState]:
    """Return the limits of the plan that ``application`` is on; none without a subscription."""
    subscription = Subscription.objects.select_related("version").filter(pk=application.pk).first()
    if subscription is None:
        return []
    now = clock.real()
    used = _used(application, now)
    return [_state(policy, used, now) for policy in parse(subscription.version.limits)]


def _state(policy: Policy, used: dict[Period, int], now: datetime) -> LimitState:
    counted = policy.period is not None and policy.scope == "application"
    return LimitState(
        policy.name,
        policy.kind,
        policy.limit,
        used[policy.period] if counted and policy.period else None,
        period_of(policy.period, now)[1] if policy.period else None,
        policy.scope,
        policy.window,
        policy.period,
    )


def _used(application: Application, now: datetime) -> dict[Period, int]:
    """Return the cost units of today and of this month (UTC)."""
    today = now.date()
    ((day, month),) = query(
        "SELECT sum(units) FILTER (WHERE day = %s), sum(units) "  # noqa: S608 - own words
        f"FROM {rollups.STATUS.name} WHERE application_id = %s AND day BETWEEN %s AND %s",
        [today, ids.decode(application.pk)[1], today.replace(day=1), today + timedelta(days=1)],
    )
    return {"day": int(day or 0), "month": int(month or 0)}
