"""How much, how fast, how often wrong: sums over the roll-ups of a developer's applications."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock, ids
from apps.usage import rollups
from apps.usage.latency import percentile
from apps.usage.selectors import credentials

MOST = 20  # rows in a share table; beyond them a reader is lost


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a period; an error is a status of 400 and above. ``previous`` is the one before."""

    requests: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    previous: "Totals | None" = None

    @property
    def error_rate(self) -> float:
        """Return errors as a share of requests, 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Day:
    """Requests of one day (UTC) by how they ended."""

    date: date
    ok: int
    client_errors: int
    server_errors: int

    @property
    def requests(self) -> int:
        """Return how many there were."""
        return self.ok + self.client_errors + self.server_errors


@dataclass(frozen=True, slots=True)
class Share:
    """What one operation, key or status contributed."""

    label: str
    requests: int
    errors: int
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose usage, of which days: ``since`` to ``until``, both included."""

    applications: list[UUID]
    since: date
    until: date
    livemode: bool | None

    def where(self) -> tuple[str, list[Any]]:
        """Return the SQL condition on a roll-up by day, and its parameters."""
        sql, params = (
            "application_id = ANY(%s) AND day BETWEEN %s AND %s",
            [
                self.applications,
                self.since,
                self.until,
            ],
        )
        if self.livemode is None:
            return sql, params
        return f"{sql} AND livemode = %s", [*params, self.livemode]

    @property
    def days(self) -> int:
        """Return how many days these are."""
        return (self.until - self.since).days + 1

    def before(self) -> "Selection":
        """Return as many days before these."""
        shift = timedelta(days=self.days)
        return Selection(
            self.applications, self.since - shift, self.since - timedelta(days=1), self.livemode
        )


def select(
    user: User,
    *,
    days: int = 30,
    livemode: bool | None = None,
    application: Application | str | None = None,
) -> Selection:
    """Return the user's applications, or the one that is asked for, and the last ``days`` days."""
    mine = Application.objects.visible_to(user)
    if application:
        mine = mine.filter(pk=getattr(application, "pk", application))
    today = clock.real().date()
    return Selection(
        [ids.decode(pk)[1] for pk in mine.values_list("pk", flat=True)],
        today - timedelta(days=days - 1),
        today,
        livemode,
    )


def totals(chosen: Selection) -> Totals:
    """Return the sums of the chosen days, and of as many before."""
    return _totals(chosen, _totals(chosen.before()))


def used_by(application: Application, *, days: int = 30) -> Totals:
    """Return the sums of one application, for whoever may look at it."""
    today = clock.real().date()
    own = [ids.decode(application.pk)[1]]
    return _totals(Selection(own, today - timedelta(days=days - 1), today, None))


def per_day(chosen: Selection) -> list[Day]:
    """Return one entry for each chosen day, oldest first; quiet days are zero."""
    where, params = chosen.where()
    found = dict[date, tuple[int, int, int]]()
    for day, *counts in query(
        "SELECT day, sum(requests) FILTER (WHERE status < 400), "  # noqa: S608 - own words
        "sum(requests) FILTER (WHERE status BETWEEN 400 AND 499), "
        f"sum(requests) FILTER (WHERE status >= 500) FROM {rollups.STATUS.name} "
        f"WHERE {where} GROUP BY day",
        params,
    ):
        ok, client, server = (int(count or 0) for count in counts)
        found[day] = ok, client, server
    dates = (chosen.since + timedelta(days=number) for number in range(chosen.days))
    return [Day(day, *found.get(day, (0, 0, 0))) for day in dates]


def by_operation(chosen: Selection) -> list[Share]:
    """Return the most used operations; what matched none is labelled with an empty text."""
    return _shares(rollups.OPERATION, "operation", chosen)


def by_key(chosen: Selection) -> list[Share]:
    """Return the most used keys and clients, labelled by name, keys by their hint too."""
    shares = _shares(rollups.KEY, "key_id", chosen)
    known = credentials.named(UUID(share.label) for share in shares)
    names = {str(value): str(credential) for value, credential in known.items()}
    return [
        Share(names.get(share.label, ""), share.requests, share.errors, share.p95_ms)
        for share in shares
    ]


def by_status(chosen: Selection) -> list[Share]:
    """Return the statuses that were answered, the most frequent first."""
    return _shares(rollups.STATUS, "status", chosen)


def query(sql: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Run one query, and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        yield from cursor.fetchall()


def histograms(table: rollups.Table, label: str, where: str, params: list[Any]) -> dict[str, Any]:
    """Return the merged latency histogram of each label: ``{label: [(bucket, how often)]}``."""
    merged = dict[str, list[tuple[int, int]]]()
    for name, bucket, met in query(
        f"SELECT ({label})::text, bucket, sum(met) FROM {table.name}, "  # noqa: S608 - own words
        f"unnest(buckets, counts) AS histogram (bucket, met) WHERE {where} GROUP BY 1, 2",
        params,
    ):
        merged.setdefault(name, []).append((bucket, int(met)))
    return merged


def _totals(chosen: Selection, previous: Totals | None = None) -> Totals:
    where, params = chosen.where()
    ((requests, errors),) = query(
        f"SELECT sum(requests), sum(errors) FROM {rollups.STATUS.name} WHERE {where}",  # noqa: S608 - own words
        params,
    )
    latencies = histograms(rollups.STATUS, "''", where, params).get("", [])
    return Totals(
        int(requests or 0),
        int(errors or 0),
        percentile(latencies, 0.5),
        percentile(latencies, 0.95),
        previous,
    )


def _shares(table: rollups.Table, label: str, chosen: Selection) -> list[Share]:
    where, params = chosen.where()
    counted = list(
        query(
            f"SELECT {label}::text, sum(requests), sum(errors) FROM {table.name} "  # noqa: S608 - own words
            f"WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST}",
            params,
        )
    )
    latencies = histograms(
        table, label, f"{where} AND {label}::text = ANY(%s)", [*params, [row[0] for row in counted]]
    )
    return [
        Share(name, int(requests), int(errors), percentile(latencies.get(name, []), 0.95))
        for name, requests, errors in counted
    ]
