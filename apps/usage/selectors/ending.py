"""Which applications still call what is deprecated, or ends: versions, operations, and parts.

Every question is one query over the roll-ups by day, however many applications call.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.applications.models import Application
from apps.catalog import ending
from apps.catalog.models import ApiVersion, Operation
from apps.core import clock, ids
from apps.usage import rollups
from apps.usage.selectors.numbers import query

WEEK, MONTH = 7, 28  # days
COLUMNS: Final = ("api", "version", "operation", "part")
COUNTS: Final = (
    "application_id, livemode, coalesce(sum(requests) FILTER (WHERE day > %s), 0)::bigint, "
    "sum(requests)::bigint, max(day)"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What ends: a version, one operation of it, or one part of that operation's requests."""

    api: str
    version: str
    operation: str = ""
    part: str = ""
    deprecated_at: datetime | None = field(default=None, compare=False)
    sunset_at: datetime | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """Return its name in addresses, such as ``pets/v1 pets_list query:page``."""
        return " ".join(filter(None, (f"{self.api}/{self.version}", self.operation, self.part)))

    @property
    def level(self) -> int:
        """Return 0 for a version, 1 for an operation, 2 for a part."""
        return bool(self.operation) + bool(self.part)

    @property
    def major(self) -> int:
        """Return the major version."""
        return int(self.version[1:])

    @property
    def ended(self) -> bool:
        """Tell whether it answers no more."""
        return self.sunset_at is not None and self.sunset_at <= clock.real()

    def about(self, api: str, major: int) -> bool:
        """Tell whether it is a version, or something of it."""
        return (self.api, self.major) == (api, major)

    def __str__(self) -> str:
        part = f", {ending.read(self.part)}" if self.part else ""
        return f"{self.api}/{self.version}{' ' if self.operation else ''}{self.operation}{part}"


@dataclass(frozen=True, slots=True)
class Calls:
    """How often one application, live or in a sandbox, used one subject."""

    subject: Subject
    application: Application
    livemode: bool
    week: int
    month: int
    last: date


@dataclass(frozen=True, slots=True)
class Summary:
    """How many still use one subject."""

    subject: Subject
    applications: int
    live: int  # of them with live calls
    month: int
    last: date | None


def subjects(user: User | AnonymousUser | None = None) -> list[Subject]:
    """Return all that ends, or what ``user`` may know of it."""
    versions = ApiVersion.objects.all() if user is None else ApiVersion.objects.visible_to(user)
    dated = Q(deprecated_at__isnull=False) | Q(sunset_at__isnull=False)
    found = [_subject(version) for version in versions.filter(dated).listed()]
    rows = Operation.objects.filter(Q(deprecated=True) | ~Q(ending=[]), version__in=versions)
    named = rows.select_related("version__api").defer("version__document")
    for row in named.order_by("version__api__slug", "version__major", "name"):
        if row.deprecated:
            found.append(_subject(row.version, row.name))
        found += [_subject(row.version, row.name, part) for part in row.ending]
    return found


def find(key: str) -> Subject | None:
    """Return what ends under this name."""
    return next((one for one in subjects() if one.key == key), None)


def summaries() -> list[Summary]:
    """Return all that ends with how many still use it, for the operator; what nobody uses last."""
    known = subjects()
    calls: dict[Subject, list[tuple[UUID, bool, int, date]]] = {one: [] for one in known}
    for subject, (application, livemode, _, month, last) in _counted(known, None):
        calls[subject].append((application, livemode, month, last))
    found = [
        Summary(
            subject,
            len({application for application, *_ in rows}),
            len({application for application, livemode, *_ in rows if livemode}),
            sum(month for *_, month, _ in rows),
            max((last for *_, last in rows), default=None),
        )
        for subject, rows in calls.items()
    ]
    return sorted(found, key=lambda one: (not one.month, _ends(one.subject), -one.month))


def still_calling(subject: Subject) -> list[Calls]:
    """Return every application that still uses a subject, the busiest first."""
    return _named(_counted([subject], None), Application.objects.all())


def still_used(user: User, *, of: Iterable[Application] | None = None) -> list[Calls]:
    """Return what the user's applications, or those given, still use of all that ends."""
    mine = Application.objects.visible_to(user)
    if of is not None:
        mine = mine.filter(pk__in=[one.pk for one in of])
    known = subjects(user)
    if not known:
        return []
    owners = [ids.decode(pk)[1] for pk in mine.values_list("pk", flat=True)]
    return _named(_counted(known, owners), mine)


Row = tuple[UUID, bool, int, int, date]


def _counted(known: Sequence[Subject], owners: list[UUID] | None) -> Iterator[tuple[Subject, Row]]:
    """Return the calls of each subject, by application and mode."""
    for level, table in enumerate((rollups.OPERATION, rollups.OPERATION, rollups.PART)):
        columns = COLUMNS[: level + 2]
        asked = {
            tuple(getattr(one, name) for name in columns): one
            for one in known
            if one.level == level
        }
        if not asked:
            continue
        names = ", ".join(columns)
        lists = ", ".join(["%s::text[]"] * len(columns))
        today = clock.real().date()
        since = [today - timedelta(days=WEEK), today - timedelta(days=MONTH)]
        whose = "application_id <> %s" if owners is None else "application_id = ANY(%s)"
        rows = query(
            f"SELECT {names}, {COUNTS} FROM {table.name} "  # noqa: S608 - own words
            f"WHERE day > %s AND {whose} AND ({names}) IN (SELECT * FROM unnest({lists})) "
            f"GROUP BY {names}, application_id, livemode",
            [*since, rollups.NOBODY if owners is None else owners, *_listed(asked)],
        )
        for row in rows:
            yield asked[row[: len(columns)]], row[len(columns) :]


def _listed(asked: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """Return the values of each column, for ``unnest``."""
    return [list(values) for values in zip(*asked, strict=True)]


def _named(found: Iterable[tuple[Subject, Row]], among: QuerySet[Application]) -> list[Calls]:
    rows = list(found)
    names = {ids.encode("app", row[0]) for _, row in rows}
    known = among.select_related("organization").in_bulk(list(names))
    made = [
        Calls(subject, application, livemode, week, month, last)
        for subject, (owner, livemode, week, month, last) in rows
        if (application := known.get(ids.encode("app", owner)))
    ]
    return sorted(made, key=_urgency)


def _urgency(one: Calls) -> tuple[float, str, int, str]:
    """Order by what ends first, then by what is called most."""
    return _ends(one.subject), one.subject.key, -one.month, one.application.name


def _ends(subject: Subject) -> float:
    return subject.sunset_at.timestamp() if subject.sunset_at else math.inf


def _subject(version: ApiVersion, operation: str = "", part: str = "") -> Subject:
    return Subject(
        version.api.slug,
        f"v{version.major}",
        operation,
        part,
        version.deprecated_at,
        version.sunset_at,
    )
