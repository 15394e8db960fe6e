"""A service that is ill: its callers are told so, the others notice nothing, memory stays."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from tests.faults import report
from tests.faults.clients import Ask, Clients, Flow
from tests.faults.ledger import TORN, Entry
from tests.faults.proxy import BLACK_HOLE, FINE, REFUSING, Fault, half_closed, reset, throttled
from tests.faults.report import Row
from tests.faults.stage import Stage

SPAN = 1.2  # seconds of each part of a round
ROUNDS = 3
MB = 64  # megabytes that the gateway may grow
FAILED, TIMEOUT = (502, "upstream_failed"), (504, "upstream_timeout")


@dataclass(frozen=True)
class Illness:
    """One way to be ill, and what callers may be told. A torn answer is told as torn."""

    name: str
    told: set[tuple[int, str]]
    kind: str = "items"
    fault: Fault = FINE
    torn: bool = False
    rate: float = 30


ILLNESSES = (
    Illness("slow", {TIMEOUT}, kind="late"),
    Illness("in a black hole", {TIMEOUT}, fault=BLACK_HOLE),
    Illness("refusing", {FAILED}, fault=REFUSING),
    Illness("resetting", {FAILED}, fault=reset()),
    Illness("resetting in a short answer", {FAILED}, fault=reset(after=150)),
    Illness(
        "resetting in a long answer", {FAILED}, kind="long", fault=reset(after=90_000), torn=True
    ),
    Illness("half-closing in an answer", {FAILED}, fault=half_closed(after=150)),
    Illness(
        "throttled", {FAILED, TIMEOUT}, kind="long", fault=throttled(20_000), torn=True, rate=10
    ),
    Illness("answering without an end", {FAILED}, kind="endless", rate=6),
    Illness("answering with a huge header", {FAILED}, kind="header", rate=6),
    Illness("answering with a bomb", {FAILED}, kind="bomb", rate=6),
)


def rows(stage: Stage) -> Iterator[Row]:
    """Let the service fall ill in each way, beside one that is well."""
    stage.gateway()
    for illness in ILLNESSES:
        yield _row(stage, illness)
    stage.end_gateways()


def _row(stage: Stage, illness: Illness) -> Row:
    name = illness.name.replace(" ", "").replace("-", "")
    clients = Clients(stage.background, f"upstream{name}")
    key = stage.key().secret
    well = clients.flow(Ask(key), rate=200, ports=stage.ports)
    time.sleep(0.5)
    quiet: list[list[Entry]] = []
    beside: list[list[Entry]] = []
    told: list[Entry] = []
    before = stage.gateways[0].memory
    for _ in range(ROUNDS):
        quiet.append(_part(well))
        stage.to_sick.fault = illness.fault
        ask = Ask(key, api="sick", kind=illness.kind)
        sick = clients.flow(ask, rate=illness.rate, ports=stage.ports)
        beside.append(_part(well))
        told += sick.stop()
        stage.to_sick.fault = FINE
    grown = (stage.gateways[0].memory - before) / 1024**2
    entries = well.stop()
    row = Row(f"A service that is {illness.name}")
    row.figures += [
        report.told(f"{len(told)} requests to it, {len(entries)} to another beside it"),
        report.none_of("told otherwise than as failed:", _unlike(illness, told)),
        report.at_least("the other's answered well", report.success(entries), 99.9, "%"),
        _others(quiet, beside),
        report.at_most("the gateway grew by", grown, MB, "MB"),
    ]
    ledger = stage.close_books(clients)
    ledger.repeatable = True
    row.figures += report.books(ledger)
    return row


def _part(well: Flow) -> list[Entry]:
    """Return what the well service's callers asked during one part of a round."""
    began = time.monotonic()
    time.sleep(SPAN)
    return well.between(began, time.monotonic())


def _unlike(illness: Illness, told: list[Entry]) -> list[str]:
    return [
        f"{one.id} {one.status} {one.code or one.ended}"
        for one in told
        if (one.status, one.code) not in illness.told and not (illness.torn and one.ended == TORN)
    ]


def _others(quiet: list[list[Entry]], beside: list[list[Entry]]) -> report.Figure:
    """Say what the other service's p99 gained; calm parts that differ more tell nothing."""
    usual = report.p99(chain(*quiet))
    calm = [report.p99(part) for part in quiet]
    gained = 100 * (report.p99(chain(*beside)) / usual - 1)
    return report.at_most(
        f"the other's p99, {usual:.3g} ms, gained",
        max(0.0, gained),
        10,
        "%",
        noise=100 * (max(calm) / min(calm) - 1),
    )
