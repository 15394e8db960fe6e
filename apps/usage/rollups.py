"""Roll-ups: one narrow table per question, deltas appended and compacted later (ADR 14).

A row says how often something happened in one bucket of time: requests, errors, cost units, bytes
and a sparse histogram of latency (``buckets[i]`` was met ``counts[i]`` times). Several rows may
stand for the same thing; whoever reads sums them up, and ``compact`` makes one of them. Requests
that nobody is known for are counted under the application ``NOBODY``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from apps.usage.latency import BUCKET_SQL

NOBODY = UUID(int=0)
ERROR = 400  # the first status that counts as an error
MEASURES = ("requests", "errors", "units", "bytes_in", "bytes_out")
DAY = "(at AT TIME ZONE 'UTC')::date"


@dataclass(frozen=True, slots=True)
class Table:
    """A roll-up: the column of time and the further keys, each with how a raw row gives it."""

    name: str
    time: str
    kind: str  # the SQL type of the column of time
    bucket: str
    keys: tuple[tuple[str, str], ...] = ()
    keep: timedelta | None = None
    beside: str = ""  # what raw rows are joined with; then a row may count more than once

    @property
    def grain(self) -> dict[str, str]:
        """Return the columns that name a row, each with its expression over a raw row."""
        return {
            self.time: self.bucket,
            "application_id": f"COALESCE(application_id, '{NOBODY}')",
            "livemode": "COALESCE(livemode, false)",
            **dict(self.keys),
        }


MINUTE = Table(
    "usage_minute",
    "minute",
    "timestamptz",
    "date_trunc('minute', at, 'UTC')",
    keep=timedelta(hours=48),
)
HOUR = Table(
    "usage_hour",
    "hour",
    "timestamptz",
    "date_trunc('hour', at, 'UTC')",
    (("class", "(status / 100)::smallint"),),
    keep=timedelta(days=35),
)
STATUS = Table("usage_day_status", "day", "date", DAY, (("status", "status"),))
# Paths begin with API and version; what no operation answered has a path of anybody's making.
VERSION = """CASE WHEN operation <> '' AND split_part(path, '/', 3) ~ '^v[0-9]{1,3}$'
    THEN split_part(path, '/', 3) ELSE '' END"""
CALLED = (("api", "api"), ("version", VERSION), ("operation", "operation"))
OPERATION = Table("usage_day_operation", "day", "date", DAY, CALLED)
# Deprecated parts of requests that a gateway noted in the trace.
PART = Table(
    "usage_day_part",
    "day",
    "date",
    DAY,
    (*CALLED, ("part", "noted #>> '{}'")),
    beside="""CROSS JOIN LATERAL jsonb_path_query(trace,
        'strict $[*] ? (@[0] == "ending")[2].used[*]', '{}', true) AS noted""",
)
KEY = Table("usage_day_key", "day", "date", DAY, (("key_id", f"COALESCE(key_id, '{NOBODY}')"),))
WHOLE = (MINUTE, HOUR, STATUS, OPERATION, KEY)  # each raw row is counted once
TABLES = (*WHOLE, PART)


def append(source: str) -> None:
    """Append what the raw rows in table ``source`` add to every roll-up."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(_append(table, source))


def compact(since: datetime) -> int:
    """Make one row of all that stand for the same thing since ``since``; return how many went.

    One statement for each table: a reader sees either the parts or the whole.
    """
    with connection.cursor() as cursor:
        gone = 0
        for table in TABLES:
            cursor.execute(_compact(table), [since, since])
            gone += cursor.fetchone()[0]
        return gone


def prune(now: datetime) -> None:
    """Delete what is older than its table keeps."""
    with connection.cursor() as cursor:
        for table in TABLES:
            if table.keep:
                cursor.execute(
                    f"DELETE FROM {table.name} WHERE {table.time} < %s",  # noqa: S608 - own names
                    [now - table.keep],
                )


def _append(table: Table, source: str) -> str:
    grain = ", ".join(table.grain)
    exprs = ", ".join(f"{sql} AS {name}" for name, sql in table.grain.items())
    groups = ", ".join(str(number + 1) for number in range(len(table.grain) + 1))
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    columns = ", ".join(MEASURES)
    return f"""
        INSERT INTO {table.name} ({grain}, {columns}, buckets, counts)
        SELECT {grain}, {sums},
            array_agg(bucket ORDER BY bucket), array_agg(requests ORDER BY bucket)
        FROM (
            SELECT {exprs}, {BUCKET_SQL} AS bucket, count(*)::int AS requests,
                count(*) FILTER (WHERE status >= {ERROR}) AS errors, sum(units) AS units,
                sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out
            FROM {source} {table.beside} GROUP BY {groups}
        ) counted GROUP BY {grain}"""  # noqa: S608 - own names


def _compact(table: Table) -> str:
    grain = ", ".join(table.grain)
    sums = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)
    columns = ", ".join(MEASURES)
    return f"""
        WITH many AS (
            SELECT {grain} FROM {table.name} WHERE {table.time} >= %s::{table.kind}
            GROUP BY {grain} HAVING count(*) > 1
        ), gone AS (
            DELETE FROM {table.name} WHERE {table.time} >= %s::{table.kind}
            AND ({grain}) IN (SELECT {grain} FROM many) RETURNING *
        ), summed AS (
            SELECT {grain}, {sums} FROM gone GROUP BY {grain}
        ), bucketed AS (
            SELECT {grain}, bucket, sum(met)::int AS met
            FROM gone, unnest(buckets, counts) AS histogram (bucket, met) GROUP BY {grain}, bucket
        ), histograms AS (
            SELECT {grain}, array_agg(bucket ORDER BY bucket) AS buckets,
                array_agg(met ORDER BY bucket) AS counts
            FROM bucketed GROUP BY {grain}
        ), whole AS (
            INSERT INTO {table.name} ({grain}, {columns}, buckets, counts)
            SELECT {grain}, {columns}, buckets, counts
            FROM summed JOIN histograms USING ({grain})
        )
        SELECT count(*) FROM gone"""  # noqa: S608 - own names
