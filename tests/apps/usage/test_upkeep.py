"""Days come and go; keys learn when they were used; one worker ingests at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from apps.core import clock, ids, valkey
from apps.keys import use
from apps.usage import ingest, lastused, rollups, storage, tasks
from apps.usage.models import Request
from tests.gateway import tokens
from tests.support import make, traffic
from tests.support.queries import Queries


def partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'usage_request'::regclass ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def named(day: date) -> str:
    return f"usage_request_{day:%Y%m%d}"


def another(*, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect to the same database as another process would."""
    settings = connection.settings_dict
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"] or None,
        autocommit=autocommit,
    )


@pytest.mark.django_db
def test_partitions_stand_ready_for_the_days_ahead() -> None:
    now = clock.real()
    storage.prepare(now)
    storage.prepare(now)
    wanted = {named(now.date() + timedelta(days=ahead)) for ahead in range(4)}
    assert wanted <= set(partitions())


@pytest.mark.django_db
def test_a_partition_holds_its_day_in_utc() -> None:
    midnight = datetime.combine(clock.real().date(), datetime.min.time(), UTC)
    for at in (midnight, midnight - timedelta(microseconds=1)):
        traffic.serve(None, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM usage_request ORDER BY at")
        assert [name for (name,) in cursor.fetchall()] == [
            named(midnight.date() - timedelta(days=1)),
            named(midnight.date()),
        ]


@pytest.mark.django_db
def test_days_past_their_time_are_dropped_and_rollups_by_day_stay() -> None:
    key, now = make.key().key, clock.real()
    old, new = traffic.serve(key, at=now - timedelta(days=40)), traffic.serve(key)
    tasks.forget()
    assert not Request.objects.filter(pk=old).exists()
    assert Request.objects.filter(pk=new).exists()
    assert named((now - timedelta(days=40)).date()) not in partitions()
    with connection.cursor() as cursor:
        for table, left in (("usage_minute", 1), ("usage_hour", 1), ("usage_day_status", 2)):
            cursor.execute(f"SELECT sum(requests) FROM {table}")  # noqa: S608 - our own names
            assert cursor.fetchone() == (left,)


@pytest.mark.django_db
def test_raw_rows_are_kept_for_thirty_days_and_the_numbers_of_batches_for_a_week() -> None:
    now = clock.real()
    ages = (timedelta(0), timedelta(days=29), timedelta(days=30), timedelta(days=31))
    rows = [traffic.serve(None, at=now - age) for age in ages]
    with connection.cursor() as cursor:
        for days in (0, 6, 8):
            insert = "INSERT INTO usage_batch (src, seq, n, at) VALUES ('x', %s, 1, %s)"
            cursor.execute(insert, [days, now - timedelta(days=days)])
    storage.forget(now)
    assert list(Request.objects.order_by("-at").values_list("pk", flat=True)) == rows[:3]
    assert named((now - timedelta(days=31)).date()) not in partitions()
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM usage_batch WHERE src = 'x' ORDER BY seq")
        assert cursor.fetchall() == [(0,), (6,)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "call",
    [
        "usage_drop_partitions(current_date + 1)",
        "usage_ensure_partition('1999-01-01')",
        "usage_ensure_partition(current_date + 30)",
    ],
)
def test_the_owners_functions_do_nothing_absurd(call: str) -> None:
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SELECT {call}")


@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_partition_agree_on_one() -> None:
    make_it = "SELECT usage_ensure_partition(current_date + 7)"
    with another() as first, another() as second, ThreadPoolExecutor(1) as by:
        assert first.execute(make_it).fetchone() == (True,)
        waiting = by.submit(lambda: second.execute(make_it).fetchone())
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        first.commit()
        assert waiting.result(timeout=5) == (False,)
    assert named(clock.real().date() + timedelta(days=7)) in partitions()


@pytest.mark.django_db
def test_the_gateways_role_may_neither_read_usage_nor_drop_it() -> None:
    with connection.cursor() as cursor:
        for function in ("usage_drop_partitions(date)", "usage_ensure_partition(date)"):
            cursor.execute(
                "SELECT has_function_privilege('trellis_gateway', %s, 'execute'), "
                "has_function_privilege('trellis_app', %s, 'execute')",
                [function, function],
            )
            assert cursor.fetchone() == (False, True)
        cursor.execute("SELECT has_table_privilege('trellis_gateway', 'usage_request', 'select')")
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db
def test_keys_learn_when_they_were_used() -> None:
    used, idle = make.key().key, make.key().key
    client: Any = valkey.client()
    at = clock.real().replace(microsecond=0)
    client.hset(use.NOTED, used.pk, int(at.timestamp()))
    client.hset(use.NOTED, "nonsense", 1)
    assert lastused.flush() == 1
    used.refresh_from_db()
    idle.refresh_from_db()
    assert used.last_used_at == at
    assert idle.last_used_at is None
    assert not client.exists(use.NOTED, use.TAKEN)
    assert lastused.flush() == 0


@pytest.mark.django_db
def test_time_does_not_run_backwards_and_a_dead_workers_share_goes_first() -> None:
    key = make.key().key
    client: Any = valkey.client()
    now = int(clock.real().timestamp())
    client.hset(use.TAKEN, key.pk, now)  # Taken by a worker that died before the UPDATE.
    client.hset(use.NOTED, key.pk, now - 900)
    assert lastused.flush() == 1
    assert lastused.flush() == 1
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at.timestamp() == now


@pytest.mark.django_db
def test_flushing_costs_one_update_however_many_keys() -> None:
    client: Any = valkey.client()
    for count in (1, 12):
        for _ in range(count):
            client.hset(use.NOTED, ids.new("key"), 1)
        assert Queries().of(lastused.flush) == 1


@pytest.mark.django_db
def test_a_second_worker_returns_at_once_and_takes_nothing() -> None:
    traffic.ship(traffic.one()[1])
    with another(autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [ingest.LOCK])
        assert ingest.run(5) == 0
        assert not Request.objects.exists()
        other.execute("SELECT pg_advisory_unlock(%s)", [ingest.LOCK])
    assert ingest.run(0) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "kept"), [("usage_minute", timedelta(hours=48)), ("usage_hour", timedelta(days=35))]
)
def test_a_roll_up_is_kept_for_its_time_and_no_longer(table: str, kept: timedelta) -> None:
    now = clock.real()
    for age in (kept + timedelta(hours=2), kept - timedelta(hours=2), timedelta(0)):
        traffic.serve(None, at=now - age)
    rollups.prune(now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db
def test_where_a_key_was_last_used_from_belongs_to_its_latest_use() -> None:
    key = make.key().key
    client: Any = valkey.client()
    now = int(clock.real().timestamp())
    client.hset(use.NOTED, key.pk, f"{now} 203.0.113.0/24")
    assert lastused.flush() == 1
    client.hset(use.NOTED, key.pk, f"{now - 60} 198.51.100.0/24")
    assert lastused.flush() == 1
    key.refresh_from_db()
    assert (key.last_used_from, key.last_used_at) == (
        "203.0.113.0/24",
        datetime.fromtimestamp(now, UTC),
    )


@pytest.mark.django_db
def test_tokens_are_told_apart_from_keys() -> None:
    token = tokens.token().row
    client: Any = valkey.client()
    now = int(clock.real().timestamp())
    client.hset(use.NOTED, ids.encode("tok", token.public_id), f"{now} 203.0.113.0/24")
    assert lastused.flush() == 1
    token.refresh_from_db()
    assert token.last_used_at == datetime.fromtimestamp(now, UTC)
