"""The operator's view: the whole platform, refused strangers included."""

from dataclasses import dataclass
from datetime import timedelta

from apps.applications.models import Application
from apps.core import clock, ids
from apps.usage import rollups
from apps.usage.latency import percentile
from apps.usage.models import Request
from apps.usage.selectors.numbers import histograms, query
from apps.usage.selectors.requests import RequestRow, as_rows


@dataclass(frozen=True, slots=True)
class Platform:
    """Sums over everything. ``unattributed`` came without a credential that is known."""

    requests: int
    errors: int
    unattributed: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class TopApplication:
    """An application and what it used."""

    id: str
    name: str
    organization: str
    is_demo: bool
    requests: int
    errors: int
    units: int


def platform(*, days: int = 30) -> Platform:
    """Return the sums of the last ``days`` days, today included."""
    since = clock.real().date() - timedelta(days=days - 1)
    ((requests, errors, unattributed),) = query(
        "SELECT sum(requests), sum(errors), "  # noqa: S608 - own words
        f"sum(requests) FILTER (WHERE application_id = %s) FROM {rollups.STATUS.name} "
        "WHERE day >= %s",
        [rollups.NOBODY, since],
    )
    latencies = histograms(rollups.STATUS, "''", "day >= %s", [since]).get("", [])
    return Platform(
        int(requests or 0),
        int(errors or 0),
        int(unattributed or 0),
        percentile(latencies, 0.5),
        percentile(latencies, 0.95),
    )


def top(*, days: int = 30, limit: int = 20) -> list[TopApplication]:
    """Return the applications with the most requests."""
    since = clock.real().date() - timedelta(days=days - 1)
    counted = {
        ids.encode("app", application): (int(requests), int(errors), int(units))
        for application, requests, errors, units in query(
            "SELECT application_id, sum(requests), sum(errors), sum(units) "  # noqa: S608 - own words
            f"FROM {rollups.STATUS.name} WHERE day >= %s AND application_id <> %s "
            "GROUP BY 1 ORDER BY 2 DESC LIMIT %s",
            [since, rollups.NOBODY, limit],
        )
    }
    known = Application.objects.select_related("organization").in_bulk(list(counted))
    return [
        TopApplication(application, found.name, found.organization.name, found.is_demo, *counts)
        for application, counts in counted.items()
        if (found := known.get(application))
    ]


def recent(*, limit: int = 50) -> list[RequestRow]:
    """Return the newest requests of the whole platform."""
    since = clock.real() - timedelta(days=1)
    newest = Request.objects.filter(at__gte=since).newest_first().defer("trace")
    return as_rows(list(newest[:limit]))
