"""What is sent again: only what a service cannot have seen, or may see twice."""

import time
from collections import Counter
from collections.abc import Iterator

from tests.faults import report
from tests.faults.clients import Ask, Clients
from tests.faults.ledger import UNSAFE
from tests.faults.proxy import FINE, REFUSING, reset
from tests.faults.report import Row
from tests.faults.stage import METHODS, Stage

ROUNDS = 12


def rows(stage: Stage) -> Iterator[Row]:
    """Reset and refuse connections while every method is asked, with and without a key."""
    clients = Clients(stage.background, "retries")
    stage.gateway()
    key = stage.key().secret
    keyed = {"idempotency-key": "{id}"}
    asks = [Ask(key, api="sick", method=method, size=100) for method in METHODS]
    asks += [
        Ask(key, api="sick", method=method, size=100, headers=keyed) for method in sorted(UNSAFE)
    ]
    flow = clients.flow(*asks, rate=200, ports=stage.ports)
    for number in range(ROUNDS):
        time.sleep(0.4)
        stage.to_sick.fault = (reset(), reset(after=0), reset(after=60), REFUSING)[number % 4]
        time.sleep(0.2)
        stage.to_sick.fault = FINE
    time.sleep(0.5)
    entries = flow.stop()
    ledger = stage.close_books(clients)
    ledger.repeatable = True
    methods = {one.id: one.method for one in ledger.entries}
    twice = Counter(methods[name] for name, times in ledger.seen.items() if times > 1)
    good = sum(one.good for one in entries)
    row = Row("Connections to a service reset and refused")
    row.figures += [
        report.told(f"{len(entries)} requests of all methods, {good} answered well"),
        report.told(f"executed twice, as they may be: {dict(twice) or 'none'}"),
        *report.books(ledger),
    ]
    yield row
    stage.end_gateways()
