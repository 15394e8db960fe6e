"""What a developer reads about usage is what was used."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core import clock
from apps.keys.models import Key
from apps.plans import services as plans
from apps.usage import latency, rollups
from apps.usage import selectors as usage
from tests.support import make, traffic
from tests.support.queries import Queries


@pytest.fixture
def key(developer: User) -> Key:
    return make.key(make.application(developer.memberships.get().organization)).key


def ago(days: float) -> Any:
    return clock.real() - timedelta(days=days)


def test_totals_stand_beside_those_of_the_period_before(developer: User, key: Key) -> None:
    for _ in range(3):
        traffic.serve(key, latency_us=10_000)
    traffic.serve(key, status=404, latency_us=10_000)
    traffic.serve(key, status=500, at=ago(8))
    now = usage.totals(usage.select(developer, days=7))
    assert (now.requests, now.errors, now.error_rate) == (4, 1, 0.25)
    assert now.p50_ms == pytest.approx(10, rel=0.09)
    assert now.previous is not None
    assert (now.previous.requests, now.previous.errors) == (1, 1)
    assert now.previous.previous is None


def test_without_requests_everything_is_zero_and_latency_unknown(developer: User) -> None:
    now = usage.totals(usage.select(developer))
    assert (now.requests, now.errors, now.error_rate, now.p95_ms) == (0, 0, 0.0, None)
    assert (
        usage.by_operation(usage.select(developer)) == usage.by_key(usage.select(developer)) == []
    )
    assert [day.requests for day in usage.per_day(usage.select(developer, days=3))] == [0, 0, 0]


def test_days_without_requests_are_zero_and_today_is_last(developer: User, key: Key) -> None:
    traffic.serve(key, at=ago(2))
    for status in (200, 302, 404, 429, 500):
        traffic.serve(key, status=status)
    today = clock.real().date()
    days = usage.per_day(usage.select(developer, days=3))
    assert [day.date for day in days] == [today - timedelta(days=back) for back in (2, 1, 0)]
    assert [(day.ok, day.client_errors, day.server_errors) for day in days] == [
        (1, 0, 0),
        (0, 0, 0),
        (2, 2, 1),
    ]


def test_shares_name_operations_keys_and_statuses(developer: User, key: Key) -> None:
    second = make.key(key.application, tenant=key.tenant).key
    for _ in range(3):
        traffic.serve(key, operation="orders_list")
    traffic.serve(second, operation="orders_create", status=409)
    assert [
        (share.label, share.requests, share.errors)
        for share in usage.by_operation(usage.select(developer))
    ] == [("orders_list", 3, 0), ("orders_create", 1, 1)]
    assert [(share.label, share.requests) for share in usage.by_key(usage.select(developer))] == [
        (str(key), 3),
        (str(second), 1),
    ]
    assert [
        (share.label, share.requests) for share in usage.by_status(usage.select(developer))
    ] == [
        ("200", 3),
        ("409", 1),
    ]


def test_live_and_sandbox_are_counted_apart(developer: User, key: Key) -> None:
    application = make.application(key.application.organization, approved=True, name="Live")
    live = make.key(application, tenant=make.live(application.organization)).key
    traffic.serve(key)
    traffic.serve(live)
    traffic.serve(live)
    assert usage.totals(usage.select(developer, livemode=True)).requests == 2
    assert usage.totals(usage.select(developer, livemode=False)).requests == 1
    assert usage.totals(usage.select(developer)).requests == 3
    assert usage.totals(usage.select(developer, application=application)).requests == 2
    assert usage.totals(usage.select(developer, application=key.application_id)).requests == 1


def test_a_stranger_reads_nothing(stranger: User, key: Key) -> None:
    traffic.serve(key)
    assert usage.totals(usage.select(stranger)).requests == 0
    assert usage.totals(usage.select(stranger, application=key.application)).requests == 0
    assert usage.by_status(usage.select(stranger, application=key.application_id)) == []
    assert usage.per_day(usage.select(stranger, days=1))[0].requests == 0


def test_compaction_changes_no_number(developer: User, key: Key) -> None:
    for number in range(9):
        traffic.serve(key, latency_us=1_000 * (number + 1), status=(200, 404)[number % 2])
    before = (
        usage.totals(usage.select(developer)),
        usage.by_key(usage.select(developer)),
        usage.per_day(usage.select(developer)),
    )
    rollups.compact(ago(1))
    assert before == (
        usage.totals(usage.select(developer)),
        usage.by_key(usage.select(developer)),
        usage.per_day(usage.select(developer)),
    )


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_percentile_is_off_by_little(share: float) -> None:
    exact = sorted(1_000 * 1.004**number for number in range(1_000))
    histogram = dict[int, int]()
    for value in exact:
        histogram[latency.bucket(value)] = histogram.get(latency.bucket(value), 0) + 1
    read = latency.percentile(histogram.items(), share)
    assert read == pytest.approx(exact[int(share * 1_000) - 1] / 1_000, rel=0.044)


def test_the_database_and_python_agree_on_buckets(developer: User, key: Key, db: None) -> None:
    for value in (0, 100, 101, 109, 110, 200, 12_345, 2**31 - 1):
        traffic.serve(key, latency_us=value)
        with connection.cursor() as cursor:
            cursor.execute("SELECT buckets FROM usage_minute ORDER BY ctid DESC LIMIT 1")
            assert cursor.fetchone() == ([latency.bucket(value)],)


def test_limits_show_what_is_used_of_a_quota(key: Key) -> None:
    for _ in range(2):
        traffic.serve(key, units=7)
    traffic.serve(key, units=5, at=ago(40))
    burst, month = usage.limits_of(key.application)
    assert (burst.name, burst.kind, burst.limit, burst.used, burst.window) == (
        "burst",
        "rate",
        100,
        None,
        1,
    )
    assert burst.period_end is None
    assert (month.name, month.limit, month.used) == ("month", 100_000, 14)
    assert month.period_end is not None
    assert month.period_end > clock.real()
    assert month.period_end.day == 1


def test_quotas_of_a_day_and_of_keys(key: Key) -> None:
    limits = [
        {"name": "day", "kind": "quota", "limit": 10, "period": "day"},
        {"name": "own", "kind": "quota", "scope": "key", "limit": 5, "period": "day"},
    ]
    version = plans.publish("tight", name="Tight", limits=limits)
    plans.subscribe(key.application, version=version, actor=None)
    traffic.serve(key, units=3)
    day, own = usage.limits_of(key.application)
    assert (day.used, own.used) == (3, None)


def test_numbers_cost_the_same_however_many_rows(
    developer: User, key: Key, queries: Queries
) -> None:
    asks = (
        usage.totals,
        usage.per_day,
        usage.by_operation,
        usage.by_key,
        usage.by_status,
    )
    traffic.serve(key)

    def costs() -> list[int]:
        return [queries.of(partial(ask, usage.select(developer))) for ask in asks]

    before = costs()
    for number in range(12):
        extra = make.key(make.application(key.application.organization, name=f"A{number}")).key
        traffic.serve(extra, operation=f"op{number}")
    assert costs() == before == [4, 1, 2, 3, 2]


def test_the_operator_sees_everything(key: Key, stranger: User) -> None:
    other = make.key(make.application(stranger.memberships.get().organization, name="Busy")).key
    for _ in range(3):
        traffic.serve(other)
    traffic.serve(key, status=500)
    traffic.serve(None, status=401)
    seen = usage.platform()
    assert (seen.requests, seen.errors, seen.unattributed) == (5, 2, 1)
    assert [(one.name, one.requests, one.units) for one in usage.top()] == [
        ("Busy", 3, 3),
        ("Invoicer", 1, 1),
    ]
    assert len(usage.recent(limit=4)) == 4
