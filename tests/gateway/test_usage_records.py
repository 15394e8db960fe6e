"""Every answered request has its record, also after a kill; PostgreSQL takes it as it is."""

import asyncio
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis

from apps.core import ids
from apps.keys.services import Issued
from apps.usage import record
from box.paths import Home
from box.valkey import Valkey
from gateway.link import Link, pack
from gateway.shipper import Shipper
from gateway.spool import Spool, orphans
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway
from tests.gateway.tokens import Token

Row = dict[str, Any]


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey whose stream nobody else reads or flushes."""
    server = Valkey(Home(tmp_path_factory.mktemp("valkey")), durable=False)
    server.start()
    yield server
    server.stop()


def batches(url: str) -> list[tuple[str, int, int, bytes]]:
    """Return what was shipped: source, number, count and records."""
    with redis.Redis.from_url(url) as client:
        entries: list[Any] = client.xrange("trl:usage")
    return [
        (fields[b"src"].decode(), int(fields[b"seq"]), int(fields[b"n"]), fields[b"b"])
        for _, fields in entries
    ]


def rows(environment: dict[str, str], url: str) -> list[Row]:
    """Copy what was shipped into a table, each batch once, and return the rows."""
    told = {(source, number): data for source, number, _, data in batches(url)}
    columns = ", ".join(f"{name} {kind}" for name, kind in record.COLUMNS)
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE taken ({columns}) ON COMMIT DROP")
        with connection.cursor().copy("COPY taken FROM STDIN (FORMAT binary)") as copy:
            copy.write(record.HEADER + b"".join(told.values()) + record.TRAILER)
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute("SELECT * FROM taken ORDER BY id").fetchall()


def shipped(environment: dict[str, str], url: str, count: int) -> list[Row]:
    """Wait until ``count`` records were shipped."""
    deadline = time.monotonic() + 5
    while len(found := rows(environment, url)) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count}"
        time.sleep(0.05)
    return found


def test_a_record_says_what_happened(
    launch: Callable[..., Gateway], environment: dict[str, str], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url(), TRELLIS_TRUSTED_PROXIES="1")
    headers = bearer(key) | {"User-Agent": "tests/1", "X-Forwarded-For": "203.0.113.77"}
    began = time.time()
    answer = gateway.client.post("/shop/v1/echo?secret=1", headers=headers, content=b"x" * 33)
    [row] = shipped(environment, valkey.url(), 1)
    assert ids.encode("req", row["id"]) == answer.headers["trellis-request-id"]
    assert abs(row["at"].timestamp() - began) < 2
    assert ids.encode("app", row["application_id"]) == key.key.application_id
    assert ids.encode("key", row["key_id"]) == key.key.pk
    assert ids.encode("tnt", row["tenant_id"]) == key.key.tenant_id
    assert isinstance(row["organization_id"], UUID)
    assert row["livemode"] is False
    assert (row["api"], row["operation"]) == ("shop", "echo_post")
    assert (row["method"], row["path"], row["status"]) == ("POST", "/shop/v1/echo", 200)
    assert (row["code"], row["units"]) == ("", 1)
    assert 0 < row["backend_us"] <= row["latency_us"] < 5_000_000
    assert (row["bytes_in"], row["bytes_out"]) == (33, len(answer.content))
    assert row["ip"] == "203.0.113.0/24"
    assert row["user_agent"].startswith("tests/1")
    assert [step[:2] for step in row["trace"]] == [
        [name, "passed"] for name in ("known", "standing", "route", "allowed", "limit", "backend")
    ]


def test_what_a_token_did_is_counted_under_its_client(
    launch: Callable[..., Gateway],
    environment: dict[str, str],
    grant_token: Callable[..., Token],
    valkey: Valkey,
) -> None:
    gateway, token = launch(VALKEY_URL=valkey.url()), grant_token()
    assert gateway.client.get("/shop/v1/echo", headers=token.header).status_code == 200
    [row] = shipped(environment, valkey.url(), 1)
    client = token.row.application
    assert ids.encode("cli", row["key_id"]) == client.client_id
    assert ids.encode("app", row["application_id"]) == client.application_id
    assert ids.encode("tnt", row["tenant_id"]) == token.row.tenant_id
    assert row["livemode"] is False
    name = ids.encode("tok", token.row.public_id)
    assert ["standing", "passed", {"token": name}] in row["trace"]
    assert token.text not in str(row)
    assert token.digest.hex() not in str(row)


def test_refused_requests_have_their_record_too(
    launch: Callable[..., Gateway], environment: dict[str, str], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    client = gateway.client
    client.get("/shop/v1/echo")
    client.get("/shop/v1/echo", headers={"Authorization": "Bearer trl_test_k1"})
    client.get("/shop/v1/guarded", headers=bearer(key))
    client.get("/shop/v1/problem", headers=bearer(key))
    client.get("/shop/v1/a%2fb", headers=bearer(key))
    client.get("/healthz")
    found = {row["code"]: row for row in shipped(environment, valkey.url(), 5)}
    assert found.keys() == {
        "credential_missing",
        "key_malformed",
        "scope_missing",
        "order_paid",
        "path_invalid",
    }
    assert found["credential_missing"]["application_id"] is None
    assert found["scope_missing"]["key_id"] is not None
    name, outcome, values = found["scope_missing"]["trace"][-1]
    assert (name, outcome) == ("allowed", "failed")
    assert (values["code"], values["scope"]) == ("scope_missing", "shop:write")
    assert (values["needs"], values["has"]) == (["shop:write"], ["shop:read"])
    assert "needs the scope shop:write" in values["detail"]
    assert found["scope_missing"]["units"] == 0
    assert found["order_paid"]["status"] == 409
    told = {"status": 409, "code": "order_paid"}
    assert found["order_paid"]["trace"][-2:] == [["backend", "passed"], ["answer", "failed", told]]
    assert found["path_invalid"]["trace"][-1][:2] == ["path", "failed"]


class Callers:
    """Calls from several threads, noting the requests that were answered."""

    def __init__(self, gateway: Gateway, key: Issued, count: int = 6) -> None:
        self.answered: list[str] = []
        self.gateway, self.key = gateway, key
        self.going = True
        self.threads = [threading.Thread(target=self._call) for _ in range(count)]

    def _call(self) -> None:
        import httpx  # noqa: PLC0415 - each thread has a client of its own

        with httpx.Client(base_url=self.gateway.url, headers=bearer(self.key)) as client:
            while self.going:
                try:
                    answer = client.get("/shop/v1/echo")
                except httpx.TransportError:
                    time.sleep(0.02)
                else:
                    self.answered.append(answer.headers["trellis-request-id"])

    def run(self, then: Callable[[], None], *, after: int) -> None:
        """Call until ``after`` calls were answered, and do ``then`` while others are under way."""
        for thread in self.threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(self.answered) < after and time.monotonic() < deadline:
            time.sleep(0.01)
        then()
        self.going = False
        for thread in self.threads:
            thread.join()


def test_a_killed_gateway_loses_nothing_that_it_answered(
    launch: Callable[..., Gateway], environment: dict[str, str], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    callers = Callers(gateway, key)
    callers.run(lambda: gateway.end(how=signal.SIGKILL), after=60)
    assert len(callers.answered) >= 60, "it hardly answered, whatever it lost"
    [folder] = [path for path in (gateway.spool / "segments").iterdir() if path.is_dir()]
    for path in folder.glob("*.open"):
        with path.open("ab") as file:  # as a power cut could leave it
            file.write(record._COUNT + b"\x00\x00\x00\x10torn")
    gateway.start()
    found = shipped(environment, valkey.url(), len(callers.answered))
    recorded = [ids.encode("req", row["id"]) for row in found]
    assert len(set(recorded)) == len(recorded)
    assert set(callers.answered) <= set(recorded)
    assert len(recorded) - len(callers.answered) <= len(callers.threads)
    assert not folder.exists()


def test_records_wait_on_disk_while_valkey_is_away(
    launch: Callable[..., Gateway], environment: dict[str, str], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    valkey.stop()
    answered = [
        gateway.client.get("/shop/v1/echo", headers=bearer(key)).headers["trellis-request-id"]
        for _ in range(20)
    ]
    time.sleep(0.3)
    assert list((gateway.spool / "segments").rglob("*.ready"))
    valkey.start()
    found = shipped(environment, valkey.url(), 20)
    assert sorted(ids.encode("req", row["id"]) for row in found) == sorted(answered)


def test_a_stopped_gateway_ships_what_it_has(
    launch: Callable[..., Gateway], environment: dict[str, str], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    gateway.client.get("/shop/v1/echo", headers=bearer(key))
    gateway.end()
    assert len(rows(environment, valkey.url())) == 1
    assert list((gateway.spool / "segments").iterdir()) == []


def test_batches_are_named_by_process_and_number(
    launch: Callable[..., Gateway], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    for _ in range(3):
        gateway.client.get("/shop/v1/echo", headers=bearer(key))
        time.sleep(0.25)
    told = batches(valkey.url())
    assert [number for _, number, _, _ in told] == [1, 2, 3]
    assert [count for _, _, count, _ in told] == [1, 1, 1]
    assert len({source for source, *_ in told}) == 1
    assert re.fullmatch(r"[0-9a-f]{32}", told[0][0])


def test_keys_in_use_are_reported_in_one_go(
    launch: Callable[..., Gateway], key: Issued, valkey: Valkey
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    for _ in range(3):
        gateway.client.get("/shop/v1/echo", headers=bearer(key))
    gateway.end()
    with redis.Redis.from_url(valkey.url()) as client:
        used = client.hgetall("trl:lastused")
    assert used.keys() == {key.key.pk.encode()}
    at, network = used[key.key.pk.encode()].split()
    assert abs(int(at) - time.time()) < 10
    assert network == b"127.0.0.0/24"


def packed(**changes: Any) -> bytes:
    values: dict[str, Any] = {
        "id": ids.uuid7(),
        "at": 1_800_000_000_000_000,
        "owner": record.owner(),
        "api": "",
        "operation": "",
        "method": "GET",
        "path": "/",
        "status": 200,
        "code": "",
        "latency_us": 1,
        "backend_us": 0,
        "bytes_in": 0,
        "bytes_out": 0,
        "units": 0,
        "ip": "",
        "user_agent": "",
        "trace": b"[]",
    }
    return record.pack(**(values | changes))


def test_whole_records_are_told_from_torn_ones() -> None:
    one, other = packed(path="/x" * 600, user_agent="\x00" + "u" * 300), packed()
    assert record.whole(one + other) == (2, len(one) + len(other))
    for cut in range(1, len(other)):
        assert record.whole(one + other[:-cut]) == (1, len(one))
    assert record.whole(b"") == (0, 0)


def test_a_spool_without_room_keeps_the_oldest_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = packed()
    spool = Spool(tmp_path, limit=len(data) * 3)
    for _ in range(10):
        spool.write(data)
    spool.rotate()
    assert spool.lost == 6
    assert [segment.count for segment in spool.ready] == [4]
    assert "USAGE IS BEING LOST" in caplog.text
    spool.close()


def test_a_living_process_keeps_its_folder(tmp_path: Path) -> None:
    spool = Spool(tmp_path, limit=10_000)
    assert list(orphans(tmp_path)) == []
    spool.write(packed())
    spool.close()
    [orphan] = orphans(tmp_path)
    [segment] = orphan.segments()
    assert (segment.source, segment.number, segment.count) == (spool.source, 1, 1)
    orphan.release()


def test_a_record_that_did_not_fit_on_the_disk_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data = packed()
    spool = Spool(tmp_path, limit=10_000)
    spool.write(data)
    write = os.write
    with monkeypatch.context() as full:
        full.setattr("gateway.spool.os.write", lambda file, text: write(file, text[:10]))
        spool.write(data)
    spool.write(data)
    spool.rotate()
    [segment] = spool.ready
    assert (segment.count, spool.lost) == (2, 1)
    assert segment.path.read_bytes() == data * 2
    assert "the disk is full" in caplog.text
    assert "again" not in caplog.text
    spool.write(data)
    spool.rotate()
    spool.write(data)
    spool.rotate()
    assert caplog.text.count("Usage is recorded again, and 1 records were lost.") == 1
    spool.close()


def test_a_record_that_was_torn_by_a_kill_is_cut_off_before_it_is_shipped(tmp_path: Path) -> None:
    data = packed()
    spool = Spool(tmp_path, limit=10_000)
    spool.write(data)
    spool.write(data[:-3])
    spool.close()
    [orphan] = orphans(tmp_path)
    [segment] = orphan.segments()
    assert (segment.count, segment.size) == (1, len(data))
    assert segment.path.read_bytes() == data
    orphan.release()


def test_segments_wait_on_disk_while_the_stream_is_full(
    tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.shipper.STREAM_LIMIT", 2)

    async def work() -> None:
        link, spool = Link(valkey.url(), patience=2.0), Spool(tmp_path, limit=100_000)
        shipper = Shipper(spool, link, tmp_path)
        await link.start()
        for _ in range(3):
            spool.write(packed())
            spool.rotate()
        await shipper._ship_ready()
        assert [number for _, number, _, _ in batches(valkey.url())] == [1, 2]
        [waiting] = spool.ready
        assert (waiting.number, waiting.path.exists()) == (3, True)
        await link.ask(pack("XTRIM", "trl:usage", "MAXLEN", 0))
        await shipper.stop()
        await link.stop()
        assert [number for _, number, _, _ in batches(valkey.url())] == [3]

    asyncio.run(work())
