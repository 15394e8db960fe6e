"""PostgreSQL restarted or out of reach: who is known keeps reading, writes are told to wait."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from apps.core import invalidation
from tests.faults import report
from tests.faults.clients import Ask, Clients, Flow
from tests.faults.ledger import Entry
from tests.faults.proxy import BLACK_HOLE, FINE
from tests.faults.report import Figure, Row
from tests.faults.stage import Stage

BEFORE, AWAY, AFTER = 2.0, 9.0, 5.0  # seconds; after five a copy in memory is looked up again
CLEAN = 3.0  # seconds after its return in which all is as before
SOON = 2.0  # seconds after its end in which what was under way may wait

Act = Callable[[Stage], None]


def stop(stage: Stage) -> None:
    stage.postgres.stop()


def start(stage: Stage) -> None:
    stage.postgres.start()


def swallow(stage: Stage) -> None:
    stage.to_postgres.fault = BLACK_HOLE


def mend(stage: Stage) -> None:
    stage.to_postgres.fault = FINE


def rows(stage: Stage) -> Iterator[Row]:
    """Take PostgreSQL away in both ways."""
    for _ in range(2):
        stage.gateway()
    for name, breaks, mends in (
        ("restarted", stop, start),
        ("in a black hole", swallow, mend),
    ):
        yield _row(stage, name, breaks, mends)
    stage.end_gateways()


def _row(stage: Stage, name: str, breaks: Act, mends: Act) -> Row:
    clients = Clients(stage.background, f"postgresql{name.replace(' ', '')}")
    known, revoked, unknown = stage.key(), stage.key(), stage.key()
    reads = clients.flow(Ask(known.secret), rate=100, ports=stage.ports)
    writes = clients.flow(Ask(known.secret, method="POST", size=100), rate=20, ports=stage.ports)
    began = time.monotonic()
    dead = clients.flow(Ask(revoked.secret), rate=10, ports=stage.ports)
    time.sleep(BEFORE)
    broken = time.monotonic()
    breaks(stage)
    strangers = clients.flow(Ask(unknown.secret), rate=10, ports=stage.ports)
    time.sleep(1.0)
    revoke(bytes(revoked.key.digest))
    ended = time.monotonic()
    time.sleep(AWAY - 1.0)
    returning = time.monotonic()
    mends(stage)
    back = time.monotonic()
    time.sleep(AFTER)
    flows = (reads, writes, dead, strangers)
    entries = [one for flow in flows for one in flow.stop()]
    usual = report.p99(reads.between(began + 0.5, broken))
    late = [
        one
        for flow in (reads, writes, strangers)
        for one in flow.between(back + CLEAN, time.monotonic())
    ]
    row = Row(f"PostgreSQL {name}")
    row.figures += [
        report.told(f"{len(entries)} requests through 2 gateways, away for {back - broken:.1f} s"),
        report.at_least("reads of a known key answered", report.success(reads.entries), 99.9, "%"),
        report.told(f"the others were told {dict(_otherwise(reads.entries)) or 'nothing else'}"),
        *_waits(reads, broken, returning, usual),
        _refused("writes without it", writes.between(broken + 6, returning), returning),
        _refused(
            "an unknown key's without it", strangers.between(broken + 0.5, returning), returning
        ),
        report.none_of(
            "answered to a key after its revocation",
            [one.id for one in dead.between(ended + 0.3, returning) if one.good],
        ),
        report.none_of(
            f"not as before {CLEAN:g} s after its return",
            [f"{one.id} {one.status} {one.code}" for one in late if not one.good],
        ),
    ]
    ledger = stage.close_books(clients)
    row.figures += report.books(ledger)
    return row


def _otherwise(entries: list[Entry]) -> Counter[str]:
    return Counter(one.ended or f"{one.status} {one.code}" for one in entries if not one.good)


def revoke(digest: bytes) -> None:
    """Revoke a key in Valkey, as the announcement does; PostgreSQL cannot hear of it."""
    from apps.core import valkey  # noqa: PLC0415 - needs settings

    valkey.client().set(invalidation.cache_name(digest), '{"dead": "key_revoked"}')
    valkey.client().publish("trl:invalidate", f"key:{digest.hex()}")


def _waits(reads: Flow, broken: float, back: float, usual: float) -> list[Figure]:
    """Say how long known callers wait: those of a moment once, nobody after that."""
    away = reads.between(broken, back)
    slow = [one for one in away if one.took > 0.1 + usual / 1000]
    return [
        report.at_most(
            "reads without it, median",
            sorted(one.took for one in away)[len(away) // 2] * 1000,
            usual + 5,
            "ms",
        ),
        report.at_most("of them slower than 100 ms", 100 * len(slow) / len(away), 20, "%"),
    ]


def _refused(name: str, sent: list[Entry], until: float) -> Figure:
    """Say that all were told to come again: 503, with the time in ``Retry-After``."""
    entries = [one for one in sent if one.at + one.took < until]
    wrong = [
        f"{one.id} {one.status} {one.code} {one.ended}"
        for one in entries
        if (one.status, one.code) != (503, "credential_store_unavailable")
        or not one.headers.get("retry-after")
    ]
    return report.none_of(f"{name}, not told 503 and when to come again, of {len(entries)}:", wrong)
