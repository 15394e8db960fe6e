"""What the gateways ship arrives in PostgreSQL exactly once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import clock, valkey
from apps.usage import drift, ingest, record, rollups
from apps.usage.models import Request
from tests.support import make, traffic


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def dead() -> list[dict[bytes, bytes]]:
    client: Any = valkey.client()
    return [fields for _, fields in client.xrange(ingest.DEAD)]


def left() -> int:
    client: Any = valkey.client()
    return int(client.xlen(ingest.STREAM))


def test_the_columns_are_those_of_the_gateways_record() -> None:
    assert [field.column for field in Request._meta.concrete_fields] == [
        name for name, _ in record.COLUMNS
    ]


@pytest.mark.django_db
def test_a_shipped_request_is_stored_as_it_was_recorded() -> None:
    key = make.key().key
    made = traffic.serve(key, path="/commerce/v1/orders/ord_1", status=404, code="not_found")
    row = Request.objects.get(pk=made)
    assert (row.path, row.status, row.code) == ("/commerce/v1/orders/ord_1", 404, "not_found")
    assert row.application_id == traffic.uuid(key.application_id)
    assert row.key_id == traffic.uuid(key.pk)
    assert row.livemode is False
    assert row.trace == [["key", "ok"]]
    assert left() == 0


@pytest.mark.django_db
def test_what_is_more_than_a_column_holds_is_stored_as_the_most_it_holds() -> None:
    made = traffic.serve(None, bytes_out=5 * 2**40, bytes_in=7, latency_us=2**31)
    row = Request.objects.get(pk=made)
    assert (row.bytes_out, row.bytes_in, row.latency_us) == (2**31 - 1, 7, 2**31 - 1)


@pytest.mark.django_db
def test_a_request_of_nobody_is_stored_and_counted_under_nobody() -> None:
    traffic.serve(None, status=401, code="key_unknown")
    assert Request.objects.get().application_id is None
    assert rows("SELECT application_id::text, requests, errors FROM usage_day_status") == [
        ("00000000-0000-0000-0000-000000000000", 1, 1)
    ]


@pytest.mark.django_db
def test_a_batch_that_is_shipped_twice_counts_once() -> None:
    _, packed = traffic.one(make.key().key)
    traffic.ship(packed, seq=7)
    traffic.ship(packed, seq=7)
    assert ingest.once(wait=None) == 1
    traffic.ship(packed, seq=7)
    assert ingest.once(wait=None) == 0
    assert Request.objects.count() == 1
    assert rows("SELECT sum(requests) FROM usage_hour") == [(1,)]
    assert left() == 0


@pytest.mark.django_db
def test_the_same_number_from_another_process_is_another_batch() -> None:
    traffic.ship(traffic.one()[1], src="gateway-1", seq=1)
    traffic.ship(traffic.one()[1], src="gateway-2", seq=1)
    assert ingest.once(wait=None) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"not a record at all",
        traffic.one()[1][:-3],
        record.TRAILER,
        traffic.one()[1][:2] + b"\x00\x00\x00\x03abc" + traffic.one()[1][22:],
        traffic.one(trace=b"{not json")[1],
        traffic.one(at=clock.real() + timedelta(days=4000))[1],
    ],
    ids=["noise", "torn", "trailer", "short uuid", "broken trace", "absurd time"],
)
def test_a_batch_that_cannot_be_read_is_set_aside_and_blocks_nobody(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    good = traffic.one()[1]
    traffic.ship(good, src="before")
    traffic.ship(body, src="poison", n=1)
    traffic.ship(good, src="after")
    assert ingest.once(wait=None) == 2
    assert Request.objects.count() == 2
    (kept,) = dead()
    assert (kept[b"src"], kept[b"b"]) == (b"poison", body)
    assert kept[b"reason"]
    assert rows("SELECT src FROM usage_batch ORDER BY src") == [("after",), ("before",)]
    assert "cannot be read" in caplog.text
    assert left() == 0


@pytest.mark.django_db
def test_a_batch_that_announces_another_number_of_records_is_set_aside() -> None:
    traffic.ship(traffic.one()[1], n=2)
    assert ingest.once(wait=None) == 0
    assert not Request.objects.exists()
    assert len(dead()) == 1


@pytest.mark.django_db
def test_an_entry_without_its_fields_is_set_aside(caplog: pytest.LogCaptureFixture) -> None:
    client: Any = valkey.client()
    client.xadd(ingest.STREAM, {"hello": "there"})
    assert ingest.once(wait=None) == 0
    assert len(dead()) == 1
    assert left() == 0


@pytest.mark.django_db
def test_what_a_dead_worker_had_taken_is_stored_by_the_next() -> None:
    traffic.ship(traffic.one()[1])
    assert len(ingest._read(">", None)) == 1  # Taken, then killed before the commit.
    assert ingest.run(0) == 1
    assert Request.objects.count() == 1
    assert left() == 0


@pytest.mark.django_db
def test_a_worker_that_died_between_commit_and_acknowledgement_duplicates_nothing() -> None:
    traffic.ship(traffic.one()[1], traffic.one()[1])
    taken = [ingest._parse(entry, fields) for entry, fields in ingest._read(">", None)]
    assert ingest.store([batch for batch in taken if batch]) == 2  # Stored, then killed.
    assert ingest.run(0) == 0
    assert Request.objects.count() == 2
    assert rows("SELECT sum(requests) FROM usage_minute") == [(2,)]
    assert left() == 0


@pytest.mark.django_db
def test_raw_rows_and_rollups_agree_after_compaction_too() -> None:
    key, now = make.key().key, clock.real()
    for number in range(12):
        traffic.serve(key, status=(200, 404, 500)[number % 3], latency_us=900 << (number % 5))
        traffic.serve(None, status=401, at=now - timedelta(days=number % 2))
    day = now.date()
    assert drift.find(since=day - timedelta(days=2), until=day) == []
    before = rows("SELECT count(*), sum(requests) FROM usage_day_status")
    merged = rollups.compact(now - timedelta(days=3))
    after = rows("SELECT count(*), sum(requests) FROM usage_day_status")
    assert merged > 0
    assert before == [(24, 24)]
    assert after == [(5, 24)]
    assert rollups.compact(now - timedelta(days=3)) == 0
    assert drift.find(since=day - timedelta(days=2), until=day) == []
    assert rows("SELECT sum(met) FROM usage_day_key, unnest(counts) AS met") == [(24,)]


@pytest.mark.django_db
def test_drift_is_noticed() -> None:
    traffic.serve(make.key().key)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM usage_hour")
    (found,) = drift.find(since=clock.real().date(), until=clock.real().date())
    assert (found.table, found.raw, found.rolled_up) == ("usage_hour", (1, 0, 1), (0, 0, 0))
