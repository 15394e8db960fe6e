"""What a draft of limits would have done to the requests that were recorded.

It looks at whole days from midnight (UTC): what was used of a month before that stands in the
roll-ups. The cost is bounded: the busiest applications, so many requests of each, none beyond.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from apps.applications.models import Application
from apps.catalog.models import Operation
from apps.core import clock, ids
from apps.plans.limits import Policy
from apps.plans.models import Plan
from apps.plans.simulation import Call, Simulation, period
from apps.usage import rollups
from apps.usage.selectors.numbers import query

APPLICATIONS = 50
REQUESTS = 40_000  # of one application
ALL_REQUESTS = 150_000
DAYS = (1, 7, 30)
LIMITED = ("limit_reached", "quota_reached", "concurrency_reached")

BUSIEST = f"""
    SELECT application_id FROM {rollups.STATUS.name}
     WHERE day >= %s AND application_id <> %s AND (%s OR application_id = ANY(%s))
     GROUP BY 1 ORDER BY sum(requests) DESC LIMIT %s
"""  # noqa: S608 - own words
# What was refused by a limit has used no units: it costs what its operation costs.
RECORDED = """
    SELECT (extract(epoch FROM at) * 1000000)::bigint, coalesce(key_id::text, ''), api, operation,
           units, latency_us, code
      FROM usage_request
     WHERE application_id = %s AND at >= %s AND (units > 0 OR code = ANY(%s))
     ORDER BY at, id LIMIT %s
"""


@dataclass(slots=True)
class Tally:
    """How often one limit would have refused, when first and when last."""

    policy: Policy
    refused: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def count(self, at: datetime) -> None:
        """Count one refusal."""
        self.refused += 1
        self.first, self.last = self.first or at, at


@dataclass(slots=True)
class Outcome:
    """What would have become of one application's requests."""

    id: str
    name: str
    requests: int = 0
    refused: int = 0
    really: int = 0  # refused by the limits of their time
    tallies: list[Tally] = field(default_factory=list)
    hours: Counter[datetime] = field(default_factory=Counter)
    seen_until: datetime | None = None  # where there were more requests than were looked at

    @property
    def worst(self) -> tuple[datetime, int] | None:
        """Return the hour with the most refusals, and how many those were."""
        return max(self.hours.items(), key=lambda item: (item[1], item[0]), default=None)


@dataclass(slots=True)
class WhatIf:
    """The back-test of one draft. ``unjudged`` are limits that nothing recorded tells about."""

    since: datetime
    outcomes: list[Outcome]
    unjudged: list[str]

    @property
    def requests(self) -> int:
        """Return how many requests were looked at."""
        return sum(outcome.requests for outcome in self.outcomes)

    @property
    def refused(self) -> int:
        """Return how many of them would have been refused."""
        return sum(outcome.refused for outcome in self.outcomes)

    @property
    def really(self) -> int:
        """Return how many of them were refused by a limit."""
        return sum(outcome.really for outcome in self.outcomes)


def what_if(policies: tuple[Policy, ...], *, plan: Plan | None = None, days: int = 1) -> WhatIf:
    """Try a draft on the last ``days`` days of those who are on ``plan``, or of everybody."""
    today = clock.real().date() - timedelta(days=days - 1)
    since = datetime.combine(today, time(), UTC)
    costs = {(api, name): cost for api, name, cost in _costs()}
    outcomes: list[Outcome] = []
    left = ALL_REQUESTS
    for application in _busiest(plan, today):
        outcome = _try(application, policies, since, costs, min(REQUESTS, left))
        left -= outcome.requests
        outcomes.append(outcome)
        if left <= 0:
            break
    outcomes.sort(key=lambda outcome: (-outcome.refused, outcome.name))
    return WhatIf(since, outcomes, [p.name for p in policies if p.scope == "subject"])


def _costs() -> Iterator[tuple[str, str, int]]:
    rows = Operation.objects.values_list("version__api__slug", "name", "cost")
    yield from rows.order_by("version__major")


def _busiest(plan: Plan | None, since: date) -> list[Application]:
    members: list[UUID] = []
    if plan is not None:
        on = Application.objects.filter(subscription__version__plan=plan)
        members = [ids.decode(pk)[1] for pk in on.values_list("pk", flat=True)]
    found = query(BUSIEST, [since, rollups.NOBODY, plan is None, members, APPLICATIONS])
    order = [ids.encode("app", row[0]) for row in found]
    known = Application.objects.in_bulk(order)
    return [known[pk] for pk in order if pk in known]


def _try(
    application: Application,
    policies: tuple[Policy, ...],
    since: datetime,
    costs: dict[tuple[str, str], int],
    most: int,
) -> Outcome:
    outcome = Outcome(application.pk, application.name)
    outcome.tallies = [Tally(policy) for policy in policies if policy.scope != "subject"]
    tallies = {tally.policy.name: tally for tally in outcome.tallies}
    own = ids.decode(application.pk)[1]
    simulation = Simulation(policies, used=_used(own, policies, since))
    at = since
    for moment, key, api, name, units, lasted, code in query(
        RECORDED, [own, since, list(LIMITED), most + 1]
    ):
        at = datetime.fromtimestamp(moment / 1e6, UTC)
        if outcome.requests == most:
            outcome.seen_until = at
            break
        cost = costs.get((api, name), 1) if code in LIMITED else units
        denied, missed = simulation.decide(Call(moment, key, api, name, cost, lasted))
        outcome.requests += 1
        outcome.really += code in LIMITED
        for policy in (*([denied] if denied else []), *missed):
            tallies[policy.name].count(at)
        if denied:
            outcome.refused += 1
            outcome.hours[at.replace(minute=0, second=0, microsecond=0)] += 1
    return outcome


def _used(
    application: UUID, policies: tuple[Policy, ...], since: datetime
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return what was used of each month before the first day that is looked at."""
    used: dict[tuple[str, str], tuple[int, int]] = {}
    number = None
    for policy in policies:
        if policy.period != "month" or policy.scope == "subject":
            continue
        number, _ = period(policy, int(since.timestamp() * 1e6))
        for key, units in used_of(application, policy, since.date().replace(day=1), since.date()):
            used[policy.name, key] = number, units
    return used


def used_of(application: UUID, policy: Policy, begin: date, end: date) -> Iterator[tuple[str, int]]:
    """Return the units that a quota counted from ``begin`` to before ``end``, for each key or all.

    Of a key's quota that counts some operations nothing is known: no roll-up has both.
    """
    table, who, where, more = rollups.STATUS, "''", "", list[Any]()
    if policy.scope == "key":
        if policy.selective:
            return
        table, who = rollups.KEY, "key_id::text"
    elif policy.selective:
        table = rollups.OPERATION
        where = "AND (%s = '' OR api = %s) AND (%s OR operation = ANY(%s))"
        more = [policy.api, policy.api, not policy.operations, list(policy.operations)]
    yield from query(
        f"SELECT {who}, sum(units)::bigint FROM {table.name} WHERE application_id = %s "  # noqa: S608 - own words
        f"AND day >= %s AND day < %s {where} GROUP BY 1 HAVING sum(units) > 0",
        [application, begin, end, *more],
    )
