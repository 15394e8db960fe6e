"""Valkey killed, stopped, out of reach or slow: everybody is served, and limits hold."""

import os
import signal
import time
from collections.abc import Callable, Iterator

from gateway.heartbeat import EVERY
from tests.faults import report
from tests.faults.clients import Ask, Clients, Flow
from tests.faults.proxy import BLACK_HOLE, FINE, REFUSING, delayed
from tests.faults.report import Row
from tests.faults.stage import Stage

GATEWAYS = 4
ROUNDS = 3
LIMIT = 40  # requests a second, and at once
BEFORE, FIRST, LONG, AFTER = 2.5, 1.0, 2.0, 2.5  # seconds of each part of a round
SLOW = 0.04  # seconds each way: more than the gateway waits

Act = Callable[[Stage], None]


def kill(stage: Stage) -> None:
    stage.to_valkey.fault = REFUSING
    assert stage.valkey.process is not None
    stage.valkey.process.kill()
    stage.valkey.process.wait()


def revive(stage: Stage) -> None:
    stage.valkey.start()
    stage.to_valkey.fault = FINE


def freeze(stage: Stage) -> None:
    assert stage.valkey.process is not None
    os.kill(stage.valkey.process.pid, signal.SIGSTOP)


def thaw(stage: Stage) -> None:
    assert stage.valkey.process is not None
    os.kill(stage.valkey.process.pid, signal.SIGCONT)


def swallow(stage: Stage) -> None:
    stage.to_valkey.fault = BLACK_HOLE


def slow(stage: Stage) -> None:
    stage.to_valkey.fault = delayed(SLOW)


def mend(stage: Stage) -> None:
    stage.to_valkey.fault = FINE


FAULTS: dict[str, tuple[Act, Act]] = {
    "killed": (kill, revive),
    "stopped": (freeze, thaw),
    "in a black hole": (swallow, mend),
    "slow": (slow, mend),
}


def rows(stage: Stage) -> Iterator[Row]:
    """Break Valkey in each way, several times."""
    for _ in range(GATEWAYS):
        stage.gateway()
    time.sleep(EVERY + 1)  # Each knows by then how many there are.
    for name, (breaks, mends) in FAULTS.items():
        yield _row(stage, name, breaks, mends)
    stage.end_gateways()


def _row(stage: Stage, name: str, breaks: Act, mends: Act) -> Row:
    clients = Clients(stage.background, f"valkey{name.replace(' ', '')}")
    wide = Ask(stage.key().secret)
    write = Ask(wide.key, method="POST", size=200)
    limit = {"name": "burst", "kind": "rate", "scope": "application", "limit": LIMIT, "window": 1}
    rounds = []
    for _ in range(ROUNDS):
        narrow = Ask(stage.key(limit).secret)
        flow = clients.flow(wide, wide, write, rate=120, ports=stage.ports)
        crowd = clients.flow(narrow, rate=2 * LIMIT, ports=stage.ports)
        rounds.append(Round(stage, flow, crowd))
        rounds[-1].run(breaks, mends)
    row = Row(f"Valkey {name}")
    served = [one for each in rounds for one in each.flow.entries]
    usual = report.middle([each.usual for each in rounds])
    row.figures += [
        report.told(f"{len(served)} requests through {GATEWAYS} gateways, {ROUNDS} times"),
        report.at_least("answered well", report.success(served), 99.9, "%"),
        report.at_most("first second, p99 added", _added(rounds, "first"), 60, "ms", noise=usual),
        report.at_most("then, p99 added", _added(rounds, "then"), 5, "ms", noise=usual),
        report.told(f"p99 without a fault {usual:.3g} ms"),
        report.at_most(
            "admitted of the limit", report.middle([each.admitted for each in rounds]), 105, "%"
        ),
        report.at_most("back after", report.middle([each.back for each in rounds]), 2, "s"),
    ]
    ledger = stage.close_books(clients)
    row.figures += report.books(ledger)
    return row


class Round:
    """One time that Valkey broke."""

    def __init__(self, stage: Stage, flow: Flow, crowd: Flow) -> None:
        self.stage = stage
        self.flow = flow
        self.crowd = crowd
        self.usual = self.first = self.then = self.back = self.admitted = 0.0

    def run(self, breaks: Act, mends: Act) -> None:
        """Let it happen."""
        began = time.monotonic()
        time.sleep(BEFORE)
        broken = time.monotonic()
        breaks(self.stage)
        time.sleep(FIRST + LONG)
        mends(self.stage)
        mended = time.monotonic()
        self.back = self._wait()
        time.sleep(AFTER)
        ended = time.monotonic()
        self.flow.stop()
        self.crowd.stop()
        self.usual = report.p99(self.flow.between(began + 0.5, broken))
        self.first = report.p99(self.flow.between(broken, broken + FIRST))
        self.then = report.p99(self.flow.between(broken + FIRST, mended))
        admitted = sum(one.good for one in self.crowd.entries)
        self.admitted = 100 * admitted / (LIMIT + LIMIT * (ended - began))

    def _wait(self) -> float:
        """Return the seconds until every gateway asks Valkey again."""
        began = time.monotonic()
        for gateway in self.stage.gateways:
            while not gateway.client.get("/readyz").json()["valkey"]:
                time.sleep(0.02)
                if time.monotonic() - began > 10:
                    return 10.0
        return time.monotonic() - began


def _added(rounds: list[Round], span: str) -> float:
    return report.middle([max(0.0, getattr(each, span) - each.usual) for each in rounds])
