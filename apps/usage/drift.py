"""Does every roll-up say what the raw rows say? A check for tests and for doubtful operators."""

from datetime import date
from typing import NamedTuple

from django.db import connection

from apps.applications.models import Application
from apps.core import ids
from apps.usage import rollups


class Drift(NamedTuple):
    """An application's day on which a roll-up and the raw rows count differently."""

    table: str
    day: date
    application: str
    raw: tuple[int, int, int]
    rolled_up: tuple[int, int, int]


def find(*, since: date, until: date) -> list[Drift]:
    """Return where requests, errors and units differ between ``since`` and ``until``, included.

    Demo applications are left out: their past was written into the roll-ups alone.
    """
    demo = Application.objects.filter(is_demo=True).values_list("pk", flat=True)
    skipped = [ids.decode(pk)[1] for pk in demo]
    found = []
    with connection.cursor() as cursor:
        for table in rollups.WHOLE:
            cursor.execute(_compare(table), {"since": since, "until": until, "skipped": skipped})
            found += [
                Drift(table.name, day, ids.encode("app", application), raw, rolled)
                for day, application, *counts in cursor.fetchall()
                if (raw := _three(counts[:3])) != (rolled := _three(counts[3:]))
            ]
    return found


def _three(counts: list[int | None]) -> tuple[int, int, int]:
    requests, errors, units = (int(count or 0) for count in counts)
    return requests, errors, units


def _compare(table: rollups.Table) -> str:
    day = table.time if table.kind == "date" else f"({table.time} AT TIME ZONE 'UTC')::date"
    condition = "day BETWEEN %(since)s AND %(until)s AND application_id <> ALL(%(skipped)s)"
    return f"""
        SELECT day, application_id, raw.requests, raw.errors, raw.units,
            rolled.requests, rolled.errors, rolled.units
        FROM (
            SELECT {rollups.DAY} AS day,
                COALESCE(application_id, '{rollups.NOBODY}') AS application_id,
                count(*) AS requests, count(*) FILTER (WHERE status >= {rollups.ERROR}) AS errors,
                sum(units) AS units
            FROM usage_request GROUP BY 1, 2
        ) raw FULL JOIN (
            SELECT {day} AS day, application_id, sum(requests) AS requests,
                sum(errors) AS errors, sum(units) AS units
            FROM {table.name} GROUP BY 1, 2
        ) rolled USING (day, application_id)
        WHERE {condition}"""  # noqa: S608 - own words
