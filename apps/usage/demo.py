"""A plausible past for the demo: days in the roll-ups, and some requests to look at.

Written once for each demo application, from a seed, so that two machines show the same charts.
"""

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from apps.applications.models import Application
from apps.catalog.models import Operation
from apps.core import clock, ids
from apps.keys.models import Key
from apps.usage import latency, record, rollups, storage

RECENT = 3  # days for which single requests are written
REQUESTS = 300
WEEKDAYS = (1.0, 1.06, 1.1, 1.04, 0.92, 0.42, 0.36)
HOURS = tuple(0.25 + 0.75 * max(0.0, math.sin(math.pi * (hour - 5) / 16)) for hour in range(24))
# (status, code, weight): most calls succeed, and those that fail do so for everyday reasons.
OUTCOMES = (
    (200, "", 1900),
    (404, "not_found", 24),
    (400, "validation_failed", 12),
    (429, "limit_reached", 6),
    (403, "scope_missing", 5),
    (409, "contended", 3),
    (500, "internal_error", 2),
    (503, "unavailable", 1),
)
REFUSED_EARLY = {403, 429}  # No backend was asked and no unit was used.
PLACEHOLDER = re.compile(r"(\w+)/\{\w+\}")
# How identifiers begin where it is not with the first three letters of what they name.
PREFIXES = {"products": "prd", "refunds": "rfd", "clients": "cli", "client_secrets": "csk"}
PREFIXES |= {"keys": "key", "tenants": "tnt", "members": "usr"}
AGENTS = ("python-requests/2.32.5", "axios/1.13.2", "okhttp/5.1.0", "curl/8.14.1")


Grain = tuple[date | datetime | int | str | UUID, ...]


class Call(NamedTuple):
    """What was called: ``path`` is a template."""

    api: str
    version: str
    operation: str
    method: str
    path: str
    cost: int


class Slice(NamedTuple):
    """``requests`` calls of one kind with one outcome in one hour."""

    hour: datetime
    call: Call
    status: int
    code: str
    requests: int
    latency_us: int


@transaction.atomic
def write(application: Application, key: Key, *, days: int = 30, seed: str = "") -> int:
    """Write the past of a demo application, unless it has one; return how many requests.

    ValueError for an application that is not the demo's: invented usage never mixes with real.
    """
    if not application.is_demo:
        raise ValueError(f"{application} is not an application of the demo.")
    if _has_usage(application):
        return 0
    chance = random.Random(f"{seed or application.name}/{days}")
    slices = list(_slices(chance, clock.real(), days))
    _write_rollups(slices, application, key)
    _write_requests(chance, slices, application, key)
    return sum(part.requests for part in slices)


def _slices(chance: random.Random, now: datetime, days: int) -> Iterator[Slice]:
    size = chance.choice((40, 90, 160, 320, 700)) * chance.uniform(0.8, 1.2)
    growth = chance.uniform(-0.006, 0.02)
    calls = _calls()
    weights = [1 / (rank + 1) for rank in range(len(calls))]
    for back in range(days - 1, -1, -1):
        day = now.astimezone(UTC).date() - timedelta(days=back)
        volume = size * WEEKDAYS[day.weekday()] * (1 + growth) ** (days - back)
        trouble = 6 if chance.random() < 0.06 else 1  # noqa: PLR2004 - a bad day now and then
        for hour, share in enumerate(HOURS):
            start = datetime.combine(day, time(hour), UTC)
            if start + timedelta(hours=1) > now:
                break
            count = round(volume * share * chance.uniform(0.7, 1.3) / 8)
            picked = chance.choices(calls, weights, k=min(count, 6))
            for call in picked:
                yield from _outcomes(chance, start, call, count // len(picked), trouble)


def _outcomes(
    chance: random.Random, hour: datetime, call: Call, count: int, trouble: int
) -> Iterator[Slice]:
    weights = [weight * (trouble if status >= 400 else 1) for status, _, weight in OUTCOMES]  # noqa: PLR2004 - HTTP's border
    drawn = chance.choices(range(len(OUTCOMES)), weights, k=count)
    usual = (6_000 if call.method == "GET" else 14_000) * max(1, call.cost)
    for number in sorted(set(drawn)):
        status, code, _ = OUTCOMES[number]
        typical = 900 if status in REFUSED_EARLY else usual
        done = 201 if status == 200 and call.method == "POST" else status  # noqa: PLR2004 - HTTP's
        taken = round(chance.lognormvariate(math.log(typical), 0.35))
        yield Slice(hour, call, done, code, drawn.count(number), taken)


def _calls() -> list[Call]:
    found = Operation.objects.select_related("version__api").order_by("path", "method")
    listed = [
        Call(
            operation.version.api.slug,
            f"v{operation.version.major}",
            operation.name,
            operation.method,
            f"/{operation.version.api.slug}/v{operation.version.major}{operation.path}",
            operation.cost,
        )
        for operation in found
    ]
    # People read more than they write, and lists most of all.
    listed.sort(key=lambda call: (call.method != "GET", "{" in call.path, call.path))
    return listed or [Call("commerce", "v1", "orders_list", "GET", "/commerce/v1/orders", 1)]


def _has_usage(application: Application) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {rollups.STATUS.name} WHERE application_id = %s)",  # noqa: S608 - own name
            [_uuid(application.pk)],
        )
        return bool(cursor.fetchone()[0])


def _write_rollups(slices: list[Slice], application: Application, key: Key) -> None:
    """Append slices in the shape of every roll-up that reaches so far back."""
    grains: dict[rollups.Table, Callable[[Slice], Grain]] = {
        rollups.HOUR: lambda part: (part.hour, part.status // 100),
        rollups.STATUS: lambda part: (part.hour.date(), part.status),
        rollups.OPERATION: lambda part: (part.hour.date(), *part.call[:3]),
        rollups.KEY: lambda part: (part.hour.date(), _uuid(key.pk)),
    }
    owner = (_uuid(application.pk), key.tenant.livemode)
    for table, grain in grains.items():
        merged = dict[Grain, list[Slice]]()
        for part in slices:
            merged.setdefault(grain(part), []).append(part)
        columns = (*table.grain, *rollups.MEASURES, "buckets", "counts")
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            for (bucket, *rest), parts in merged.items():
                copy.write_row((bucket, *owner, *rest, *_measures(parts)))


def _measures(parts: list[Slice]) -> tuple[int | list[int], ...]:
    histogram = dict[int, int]()
    for part in parts:
        for share, shift in ((0.5, 0), (0.35, 2), (0.15, 6)):  # A tail to the right, as real ones.
            place = latency.bucket(part.latency_us) + shift
            histogram[place] = histogram.get(place, 0) + round(part.requests * share)
    requests = sum(part.requests for part in parts)
    met = {place: count for place, count in sorted(histogram.items()) if count}
    met = met or {latency.bucket(parts[0].latency_us): requests}
    return (
        requests,
        sum(part.requests for part in parts if part.status >= rollups.ERROR),
        sum(part.requests * _units(part) for part in parts),
        requests * 180,
        requests * 1_900,
        list(met),
        list(met.values()),
    )


def _write_requests(
    chance: random.Random, slices: list[Slice], application: Application, key: Key
) -> None:
    """Write some requests of the last days, packed as the gateway packs them."""
    since = slices[-1].hour - timedelta(days=RECENT) if slices else clock.real()
    recent = [part for part in slices if part.hour > since]
    if not recent:
        return
    owner = record.owner(
        organization=_uuid(application.organization_id),
        application=_uuid(application.pk),
        tenant=_uuid(key.tenant_id),
        key=_uuid(key.pk),
        livemode=key.tenant.livemode,
    )
    weights = [part.requests for part in recent]
    picked = chance.choices(recent, weights, k=REQUESTS)
    storage.ensure_partitions(part.hour.date() for part in picked)
    names = ", ".join(name for name, _ in record.COLUMNS)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {record.TABLE} ({names}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(record.HEADER)
        for part in picked:
            copy.write(_record(chance, part, owner))
        copy.write(record.TRAILER)


def _identifier(found: re.Match[str]) -> str:
    return f"{found[1]}/{ids.new(PREFIXES.get(found[1], found[1][:3]))}"


def _record(chance: random.Random, part: Slice, owner: bytes) -> bytes:
    at = part.hour + timedelta(seconds=chance.random() * 3600)
    taken = round(part.latency_us * chance.lognormvariate(0, 0.25))
    early = part.status in REFUSED_EARLY
    path = PLACEHOLDER.sub(_identifier, part.call.path)
    return record.pack(
        id=ids.uuid7(int(at.timestamp() * 1000)),
        at=int(at.timestamp() * 1_000_000),
        owner=owner,
        api=part.call.api,
        operation=part.call.operation,
        method=part.call.method,
        path=path,
        status=part.status,
        code=part.code,
        latency_us=taken,
        backend_us=0 if early else round(taken * 0.85),
        bytes_in=chance.randint(0, 400),
        bytes_out=chance.randint(200, 4_000),
        units=_units(part),
        ip=f"203.0.113.{chance.randrange(0, 256, 16)}",
        user_agent=chance.choice(AGENTS),
        trace=json.dumps(_trace(part)).encode(),
    )


def _trace(part: Slice) -> list[list[Any]]:
    """Return decisions as a gateway would have made them, with a word that none did."""
    made: list[list[Any]] = [["demo", "written by the demo, never sent"]]
    made += [[name, "passed"] for name in ("known", "standing", "route", "allowed", "limit")]
    name = part.call.operation
    if part.status == 403:  # noqa: PLR2004 - HTTP's
        needs = {"needs": ["customers:write"], "has": ["orders:read"]}
        said = f"{name} needs the scope customers:write; the credential has orders:read."
        return [*made[:-2], ["allowed", "failed", {"code": part.code, "detail": said, **needs}]]
    if part.status == 429:  # noqa: PLR2004 - as above
        facts = {"limit": "burst", "left": {"burst": 0}, "cost": part.call.cost, "retry_after": 1}
        said = "The limit burst of 50 in 1 s is reached."
        return [*made[:-1], ["limit", "failed", {"code": part.code, "detail": said, **facts}]]
    made.append(["backend", "passed"])
    if part.code:
        made.append(["answer", "failed", {"status": part.status, "code": part.code}])
    return made


def _units(part: Slice) -> int:
    return 0 if part.status in REFUSED_EARLY else part.call.cost


def _uuid(text: str) -> UUID:
    return ids.decode(text)[1]
