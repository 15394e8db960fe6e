"""From the gateways' stream into PostgreSQL: each batch exactly once.

One round is one transaction: the batches' numbers, their rows by binary COPY, the roll-ups. Only
then is the stream told. A worker that dies before the commit leaves the batches to the next; one
that dies after it leaves numbers that are known already, and nothing is counted twice.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import redis
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from psycopg.errors import ProtocolViolation

from apps.core import clock, valkey
from apps.usage import record, rollups, storage

STREAM = "trl:usage"
DEAD = "trl:usage:dead"
GROUP = "ingest"
CONSUMER = "worker"  # One at a time, and always the same: what a dead one had taken is its own.
LOCK = 0x7573_6167  # "usag", for pg_try_advisory_lock
ROUND = 64  # batches in one transaction
WAIT = 250  # milliseconds to wait for news
MOST_DEAD = 1000

COLUMNS = ", ".join(name for name, _ in record.COLUMNS)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """One entry of the stream: ``n`` records that process ``src`` shipped as its number ``seq``."""

    entry: bytes
    src: str
    seq: int
    n: int
    body: bytes


class Poison(Exception):  # noqa: N818 - it says what the batch is
    """A batch that can never be read."""


def run(seconds: float) -> int:
    """Take what the stream holds for about ``seconds``; return how many records were stored.

    Returns at once when another worker is at it.
    """
    stored = 0
    with _alone() as alone:
        if not alone:
            return 0
        _ensure_group()
        stored += _drain("0", None)  # What a worker that died had taken, and never acknowledged.
        deadline = clock.real() + timedelta(seconds=seconds)
        stored += once()
        while clock.real() < deadline:
            stored += once()
    return stored


def once(*, wait: int | None = WAIT) -> int:
    """Take one round of new batches; return how many records were stored."""
    return _drain(">", wait)


def store(batches: Sequence[Batch]) -> int:
    """Store ``batches`` that are not yet known, in one transaction; return how many records.

    A batch that cannot be read is set aside; it never holds up the others.
    """
    try:
        return _store(batches)
    except (DataError, IntegrityError, Poison) as error:
        if len(batches) > 1:
            return sum(store([batch]) for batch in batches)
        _bury(batches[0].entry, str(error).splitlines()[0])
        return 0


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the ingester's lock; its session ends with the process, however that dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _drain(start: str, wait: int | None) -> int:
    """Store one round from ``start``: ``>`` is what nobody took, ``0`` what we took before."""
    entries = _read(start, wait)
    if not entries:
        return 0
    batches = [batch for entry, fields in entries if (batch := _parse(entry, fields))]
    stored = store(batches) if batches else 0
    _acknowledge([entry for entry, _ in entries])
    return stored if start == ">" else stored + _drain(start, wait)


def _read(start: str, wait: int | None) -> list[tuple[bytes, dict[bytes, bytes]]]:
    client: Any = valkey.client()
    for _ in range(2):
        try:
            answer = client.xreadgroup(GROUP, CONSUMER, {STREAM: start}, count=ROUND, block=wait)
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            _ensure_group()  # Valkey lost its data: the gateways ship again from their spools.
        else:
            streams = answer.items() if isinstance(answer, dict) else answer or []
            return [entry for _, found in streams for entry in _flat(found)]
    return []


def _flat(found: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return entries as RESP2 lists them; RESP3 wraps them in one list more."""
    if found and isinstance(found[0], list):
        return [entry for part in found for entry in part]
    return list(found)


def _ensure_group() -> None:
    try:
        valkey.client().xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def _parse(entry: bytes, fields: dict[bytes, bytes]) -> Batch | None:
    try:
        return Batch(
            entry,
            fields[b"src"].decode(),
            int(fields[b"seq"]),
            int(fields[b"n"]),
            fields[b"b"],
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        _bury(entry, f"{type(error).__name__}: {error}")
        return None


@transaction.atomic
def _store(batches: Sequence[Batch]) -> int:
    fresh = _claim(batches)
    if not fresh:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS usage_incoming (LIKE usage_request) "
            "ON COMMIT DELETE ROWS"
        )
        cursor.execute("DELETE FROM usage_incoming")  # Within one transaction tests store twice.
        _copy(cursor, fresh)
        cursor.execute(f"SELECT DISTINCT {rollups.DAY} FROM usage_incoming")  # noqa: S608 - own words
        storage.ensure_partitions(day for (day,) in cursor.fetchall())
        cursor.execute(
            f"INSERT INTO usage_request ({COLUMNS}) SELECT {COLUMNS} FROM usage_incoming"  # noqa: S608 - own words
        )
    rollups.append("usage_incoming")
    return sum(batch.n for batch in fresh)


def _copy(cursor: Any, batches: Sequence[Batch]) -> None:
    try:
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY usage_incoming ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.write(record.HEADER)
            for batch in batches:
                copy.write(batch.body)
            copy.write(record.TRAILER)
    except OperationalError as error:
        if isinstance(error.__cause__, ProtocolViolation):  # A value of the wrong length.
            raise Poison(str(error)) from error
        raise
    said = sum(batch.n for batch in batches)
    if cursor.rowcount != said:
        raise Poison(f"{cursor.rowcount} records where {said} were announced")


def _claim(batches: Sequence[Batch]) -> list[Batch]:
    """Write down the batches' numbers, and return those that were not known."""
    by_number = {(batch.src, batch.seq): batch for batch in reversed(batches)}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO usage_batch (src, seq, n, at) "
            "SELECT src, seq, n, %s FROM unnest(%s::text[], %s::bigint[], %s::int[]) "
            "AS shipped (src, seq, n) ON CONFLICT DO NOTHING RETURNING src, seq",
            [
                clock.real(),
                [batch.src for batch in by_number.values()],
                [batch.seq for batch in by_number.values()],
                [batch.n for batch in by_number.values()],
            ],
        )
        return [by_number[number] for number in cursor.fetchall()]


def _acknowledge(entries: Sequence[bytes]) -> None:
    pipe = valkey.client().pipeline(transaction=True)
    pipe.xack(STREAM, GROUP, *entries)
    pipe.xdel(STREAM, *entries)
    pipe.execute()


def _bury(entry: bytes, reason: str) -> None:
    """Set a batch aside for a person to look at, loudly."""
    log.error("Usage batch %s cannot be read (%s); it is kept in %s.", entry, reason, DEAD)
    client: Any = valkey.client()
    for _, fields in client.xrange(STREAM, entry, entry):
        client.xadd(DEAD, {**fields, "reason": reason}, maxlen=MOST_DEAD)
