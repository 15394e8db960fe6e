"""Gateways that end under load: told to, killed, or without room for their records."""

import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from threading import Thread

import httpx

from tests.faults import report
from tests.faults.clients import Ask, Clients
from tests.faults.ledger import Entry
from tests.faults.report import Row
from tests.faults.stage import Stage
from tests.gateway.process import Gateway

ROUNDS = 3
LOOK = 0.2  # seconds between two looks of a balancer
RATE = 150
UNLIMITED = resource.RLIM_INFINITY


def stopping(stage: Stage) -> Iterator[Row]:
    """End one gateway of two behind a balancer that looks at both; start another in its place."""
    clients = Clients(stage.background, "stopping")
    key = stage.key().secret
    first, second = (stage.gateway(TRELLIS_GATEWAY_DRAIN="1") for _ in range(2))
    asks = [Ask(key), Ask(key, fresh=True), Ask(key, method="POST", size=100, kind="slow")]
    asks.append(Ask(key, kind="long"))
    flow = clients.flow(*asks, rate=RATE, ports=[first.port, second.port], again=True)
    for number in range(ROUNDS * 2):
        time.sleep(1.5)
        gateway, other = [(first, second), (second, first)][number % 2]
        ending = Thread(target=gateway.end)
        ending.start()
        while _ready(gateway):
            time.sleep(LOOK)
        flow.ports = [other.port]
        ending.join()
        gateway.start()
        flow.ports = [first.port, second.port]
    time.sleep(1)
    entries = flow.stop()
    row = Row("A gateway told to end (SIGTERM)")
    wrong = [f"{one.id} {one.status} {one.code or one.ended}" for one in entries if not one.good]
    row.figures += [
        report.told(
            f"{len(entries)} requests to two gateways, of which one ended {ROUNDS * 2} times"
        ),
        report.none_of("failed", wrong),
    ]
    ledger = stage.close_books(clients)
    row.figures += report.books(ledger)
    yield row
    stage.end_gateways()


def _ready(gateway: Gateway) -> bool:
    """Look as a balancer does: another connection each time."""
    try:
        return httpx.get(f"{gateway.url}/readyz").status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def killing(stage: Stage) -> Iterator[Row]:
    """Kill a gateway again and again; start another on the same spool."""
    clients = Clients(stage.background, "killing")
    key = stage.key().secret
    spool = Path(tempfile.mkdtemp(dir=stage.home.root))
    gateway, other = stage.gateway(spool), stage.gateway()
    asks = [Ask(key), Ask(key, method="POST", size=100), Ask(key, kind="slow")]
    flow = clients.flow(*asks, rate=RATE, ports=[gateway.port, other.port], again=True)
    kills = []
    for _ in range(ROUNDS):
        time.sleep(1.5)
        kills.append(time.monotonic())
        gateway.end(how=signal.SIGKILL)
        time.sleep(0.3)
        gateway.start()
    time.sleep(1)
    flow.stop()
    ledger = stage.close_books(clients)
    torn = ledger.unanswered()
    counted = {row.id for row in ledger.counted}
    row = Row("A gateway killed (SIGKILL)")
    row.figures += [
        report.told(f"{len(ledger.entries)} requests, killed {ROUNDS} times"),
        report.told(
            f"{len(torn)} were under way then and got no answer, "
            f"{sum(one.id in counted for one in torn)} of them are counted"
        ),
        report.none_of("without an answer, and not under way:", _idle(torn, kills)),
        *report.books(ledger),
        report.none_of("left in the spool", _left(spool)),
    ]
    yield row
    stage.end_gateways()


def _idle(torn: list[Entry], kills: list[float]) -> list[str]:
    """Return the requests that failed without having been under way when a gateway died."""
    return [
        one.id
        for one in torn
        if not any(one.at - 0.1 <= kill <= one.at + one.took + 0.1 for kill in kills)
    ]


def _left(spool: Path) -> list[str]:
    """Return the segments in the folders of processes that are dead."""
    return [str(path.name) for path in (spool / "segments").rglob("*.ready")]


def full(stage: Stage) -> Iterator[Row]:
    """Take the room for usage records away, then the folder for them; give each back."""
    gateway = stage.gateway()
    row, lost, meanwhile = _without(
        stage, gateway, "full", lambda: _allow(gateway, 0), lambda: _allow(gateway, UNLIMITED)
    )
    row.title = "A disk without room for usage records"
    row.figures += [
        report.at_most("lost", len(lost), len(meanwhile), "records"),
        report.none_of("lost with room", [one.id for one in lost if one not in meanwhile]),
        _said(gateway, len(lost)),
    ]
    yield row
    spool, away = gateway.spool / "segments", gateway.spool / "away"
    row, lost, _ = _without(
        stage, gateway, "folder", lambda: spool.rename(away), lambda: away.rename(spool)
    )
    row.title = "The folder of usage records gone for a while"
    row.figures.append(report.none_of("lost", lost))
    yield row
    stage.end_gateways()


def _without(
    stage: Stage,
    gateway: Gateway,
    name: str,
    breaks: Callable[[], object],
    mends: Callable[[], object],
) -> tuple[Row, list[Entry], list[Entry]]:
    """Ask through a gateway that cannot write for a while; return what is lost, and sent then."""
    clients = Clients(stage.background, name)
    flow = clients.flow(Ask(stage.key().secret), rate=RATE, ports=[gateway.port])
    time.sleep(1)
    begun = time.monotonic()
    breaks()
    time.sleep(2)
    mends()
    over = time.monotonic()
    time.sleep(2)
    entries = flow.stop()
    ledger = stage.close_books(clients)
    meanwhile = [one for one in entries if begun - 0.2 <= one.at <= over + 0.2]
    figures = [
        report.told(f"{len(entries)} requests, {len(meanwhile)} of them then"),
        report.none_of("failed", [one.id for one in entries if not one.good]),
        report.none_of("in the ledger: wrong", ledger.faults()),
    ]
    return Row("", figures), ledger.lost(), meanwhile


def _allow(gateway: Gateway, size: int) -> None:
    """Let the gateway's processes write files of so many bytes: a write beyond that fails."""
    for folder in gateway.processes():
        _, hard = resource.prlimit(int(folder.name), resource.RLIMIT_FSIZE)
        resource.prlimit(int(folder.name), resource.RLIMIT_FSIZE, (size, hard))


def _said(gateway: Gateway, lost: int) -> report.Figure:
    """Say whether the log names how many records were lost."""
    said = [line for line in gateway.log.read_text().splitlines() if "sage is" in line.lower()]
    found = any(f"again, and {lost} records were lost" in line for line in said)
    return report.none_of(
        "not told in the log", [] if found or not lost else [said[-1:] or "nothing"]
    )
