"""kill -9 of every process in turn, then ``trellis up``: nothing acknowledged is lost."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from tests.journeys.box import Box

CALLERS = 3
INGESTED_WITHIN = 20.0
KNOWN = """
import json
from django.db import connection, transaction
from apps.commerce.models import Customer
from apps.core import ids
from apps.keys import services as keys
from apps.tenants.isolation import acting_in
key = keys.find({secret!r})
with connection.cursor() as cursor:
    where = "key_id = %s AND method = 'POST'"
    cursor.execute("SELECT id FROM usage_request WHERE " + where, [ids.decode(key.pk)[1]])
    rows = [ids.encode("req", row[0]) for row in cursor]
with transaction.atomic(), acting_in(key.tenant):
    customers = list(Customer.objects.filter(name="Killed").values_list("pk", flat=True))
print(json.dumps([rows, customers]))
"""


@dataclass
class Ledger:
    """What was acknowledged to the callers."""

    answered: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    sent: int = 0


@pytest.fixture
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box of its own, to be killed."""
    platform = Box(tmp_path_factory.mktemp("kill") / "box")
    try:
        yield platform.up()
    finally:
        platform.down()


def processes(box: Box) -> dict[str, int]:
    state = json.loads((box.home / "box.json").read_text())
    return {name: trace["pid"] for name, trace in state["processes"].items()}


def call_until(stop: threading.Event, box: Box, key: str, ledger: Ledger, number: int) -> None:
    """Create customers and read orders, one after the other, noting what was answered."""
    with httpx.Client(base_url=box.api, headers={"Authorization": f"Bearer {key}"}) as client:
        turn = 0
        while not stop.is_set():
            turn += 1
            body = {"email": f"c{number}x{turn}@example.com", "name": "Killed"}
            try:
                ledger.sent += 1
                answer = client.post("/commerce/v1/customers", json=body, timeout=5)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            ledger.answered.add(answer.headers["trellis-request-id"])
            if answer.status_code == 201:
                ledger.created.add(answer.json()["id"])
            time.sleep(0.01)


def known(box: Box, ledger: Ledger) -> tuple[set[str], set[str], int]:
    """Return answered requests without a row, created customers without one, and all rows."""
    printed = box.python(KNOWN.format(secret=box.facts["sandbox_key"]))
    rows, customers = json.loads(printed.splitlines()[-1])
    assert len(rows) == len(set(rows)), "a request has two rows"
    return ledger.answered - set(rows), ledger.created - set(customers), len(rows)


@pytest.mark.timeout(300)
def test_every_answered_request_has_its_row_and_every_created_object_exists(fragile: Box) -> None:
    ledger, stop = Ledger(), threading.Event()
    key = fragile.facts["sandbox_key"]
    callers = [
        threading.Thread(target=call_until, args=(stop, fragile, key, ledger, number))
        for number in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    try:
        time.sleep(2)
        assert fragile.process
        for name in list(processes(fragile)):
            os.kill(processes(fragile)[name], signal.SIGKILL)
            time.sleep(2)
        fragile.process.kill()
        fragile.process.wait()
        time.sleep(1)
        fragile.up()
        time.sleep(2)
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    deadline = time.monotonic() + INGESTED_WITHIN
    unmetered, lost, rows = known(fragile, ledger)
    while unmetered and time.monotonic() < deadline:
        time.sleep(0.5)
        unmetered, lost, rows = known(fragile, ledger)
    print(f"{ledger.sent} sent, {len(ledger.answered)} answered, {rows} rows")  # noqa: T201 - figures, for whoever asks pytest for them
    assert ledger.created
    assert unmetered == set()
    assert lost == set()
    assert len(ledger.answered) <= rows <= ledger.sent
