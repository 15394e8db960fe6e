"""Quotas against what was recorded: people hear of them in time, and Valkey of what it lost.

People who answer for an application are told once at 80 and once at 100 % of each quota of each
period. A Valkey that lost its data counts from zero; the roll-ups know better, and say so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from django.db import transaction
from redis.commands.core import Script

from apps.applications.models import Application
from apps.core import clock, ids, valkey
from apps.events import services as events
from apps.notifications import services as notifications
from apps.orgs.recipients import responsible
from apps.plans import layout, limits
from apps.plans.layout import Whom
from apps.plans.limits import Policy
from apps.plans.models import Override, PlanVersion, QuotaAlert, Subscription
from apps.usage import rollups
from apps.usage.selectors import credentials
from apps.usage.selectors.numbers import query
from apps.usage.selectors.whatif import used_of

THRESHOLDS: Final = (100, 80)  # per cent
KINDS: Final = {80: "quota.nearing", 100: "quota.reached"}
GRACE = 120  # seconds after a loss in which usage may still be on its way
COUNTED = f"""
    SELECT application_id, coalesce(sum(units) FILTER (WHERE day = %s), 0)::bigint,
           sum(units)::bigint
      FROM {rollups.STATUS.name}
     WHERE day BETWEEN %s AND %s AND application_id <> %s GROUP BY 1 HAVING sum(units) > 0
"""  # noqa: S608 - own words
# What is counted already of the same period is kept if it is more.
SEED = """
local held = redis.call('GET', KEYS[1])
local state = {0, 0, 0, 0, 0, 0, 0, 0}
if held then state = {struct.unpack('<dddddddd', held)} end
local period, used, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if state[4] == period and state[5] >= used then return 0 end
state[4], state[5] = period, used
life = math.max(life, redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[1], struct.pack('<dddddddd', unpack(state, 1, 8)), 'PX', life)
return 1
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What is used of one quota; ``key`` names whose it is where each key has one."""

    application: str
    policies: tuple[Policy, ...]  # all that hold, for the layout
    policy: Policy
    key: str
    used: int


def alert() -> int:
    """Tell people of quotas that are nearly or wholly used; return how many mails were written."""
    now = clock.real()
    return sum(_alert(count, now) for count in _counts(now) if not count.policy.shadow)


def restore() -> int:
    """Tell Valkey what was used of quotas if it cannot know; return how many counts it took."""
    now = clock.real()
    noticed = valkey.client().get(layout.WHOLE)
    if noticed is None:
        valkey.client().set(layout.WHOLE, int(now.timestamp()))
    elif now.timestamp() - int(noticed) > GRACE:
        return 0
    return sum(_seed(count, now) for count in _counts(now))


def _counts(now: datetime) -> Iterator[Count]:
    """Yield what was used of every quota of whoever called in this month."""
    today = now.astimezone(UTC).date()
    # A gateway's clock may be a little ahead: its next day still counts.
    bounds = [today, today.replace(day=1), today + timedelta(days=1), rollups.NOBODY]
    used = {row[0]: (int(row[1]), int(row[2])) for row in query(COUNTED, bounds)}
    names = {ids.encode("app", application): application for application in used}
    overrides = {
        override.application_id: override
        for override in Override.objects.open(now).filter(application__in=names)
    }
    parsed: dict[str, tuple[Policy, ...]] = {}
    subscribed = Subscription.objects.filter(application__in=names).select_related("version")
    for subscription in subscribed:
        name = subscription.application_id
        policies = _held(subscription.version, overrides.get(name), parsed)
        for policy in policies:
            if policy.kind != "quota" or policy.scope == "subject":
                continue
            begin = today if policy.period == "day" else today.replace(day=1)
            for key, units in _used(names[name], policy, used[names[name]], begin):
                yield Count(name, policies, policy, key, units)


def _held(
    version: PlanVersion, override: Override | None, parsed: dict[str, tuple[Policy, ...]]
) -> tuple[Policy, ...]:
    if version.pk not in parsed:
        parsed[version.pk] = limits.parse(version.limits)
    base = parsed[version.pk]
    return limits.merge(base, limits.parse(override.limits)) if override else base


def _used(
    application: UUID, policy: Policy, known: tuple[int, int], begin: date
) -> Iterator[tuple[str, int]]:
    """Yield whose quota it is, and the units used of it; ``known`` are those of day and month."""
    if policy.scope == "application" and not policy.selective:
        yield "", known[0] if policy.period == "day" else known[1]
        return
    end = clock.real().date() + timedelta(days=1)
    found = dict(used_of(application, policy, begin, end))
    names = credentials.named(UUID(key) for key in found if key)
    for key, units in found.items():
        if not key:
            yield "", units
        elif known_as := names.get(UUID(key)):
            yield known_as.id, units


@transaction.atomic
def _alert(count: Count, now: datetime) -> int:
    policy = count.policy
    passed = [mark for mark in THRESHOLDS if count.used * 100 >= mark * policy.limit]
    if not passed:
        return 0
    number, ends_at = limits.period_of(policy.period or "month", now)
    first = None
    for threshold in passed:
        made, new = QuotaAlert.objects.get_or_create(
            application_id=count.application,
            policy=policy.name,
            key=count.key,
            limit=policy.limit,
            period=policy.period,
            number=number,
            threshold=threshold,
            defaults={"used": count.used, "ends_at": ends_at, "created_at": now},
        )
        if threshold == passed[0] and new:
            first = made
    if first is None:
        return 0
    _tell(first)
    return 1


def _tell(alert: QuotaAlert) -> None:
    """Write an event, and a mail to those who answer for the application."""
    application = Application.objects.get(pk=alert.application_id)
    events.emit(
        KINDS[alert.threshold],
        application,
        actor=None,
        organization=application.organization_id,
        application=application.pk,
        limit=alert.policy,
        units=alert.limit,
        used=alert.used,
        key=alert.key,
        ends_at=alert.ends_at.isoformat(),
    )
    words = "is used up" if alert.threshold == max(THRESHOLDS) else "is nearly used up"
    notifications.notify(
        responsible(application.organization_id, maker=application.created_by_id),
        subject=f"The quota {alert.policy} of {application} {words}",
        template="quota",
        context={"alert": alert, "application": application, "words": words},
    )


def _seed(count: Count, now: datetime) -> int:
    whom = Whom(count.application, count.key)
    laid = layout.lay(count.policies, whom, 1, now.timestamp())
    slot = next(one for one in laid.slots if one.policy.name == count.policy.name)
    number, ends_at = limits.period_of(count.policy.period or "month", now)
    life = int((ends_at - now).total_seconds() * 1000) + 1
    return int(_script()(keys=[slot.blob], args=[number, count.used, life]))


@cache
def _script() -> Script:
    return valkey.client().register_script(SEED)
