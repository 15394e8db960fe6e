"""Requests at a steady pace, each with the time it took: for questions that CPU does not answer.

A request is sent when it is due, whether or not earlier ones were answered, and its time counts
from then: a server that stalls is not spared the requests that would have come meanwhile.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, NamedTuple

import httptools

TICK = 0.001  # seconds between looks at what is due
PATIENCE = 5.0  # seconds for the last answers


class Call(NamedTuple):
    """One request: when it was due and answered (monotonic seconds), and the status; 0 for none."""

    due: float
    ended: float
    status: int

    @property
    def took(self) -> float:
        return self.ended - self.due


@dataclass(frozen=True)
class Source:
    """Where requests go at a pace of its own."""

    url: str
    header: str
    rate: float  # requests per second
    lines: int = 16  # connections to begin with


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.due = 0.0
        self.transport: Any = None
        self.parser: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, due: float) -> None:
        """Send the request that was due then."""
        self.due = due
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(self.crowd.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        due, self.due = self.due, 0.0
        self.crowd.note(due, self.parser.get_status_code())
        self.crowd.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.due:
            self.crowd.note(self.due, 0)
        self.crowd.gone(self)


class Crowd:
    """Those who call one address."""

    def __init__(self, source: Source) -> None:
        self.source = source
        address, _, path = source.url.removeprefix("http://").partition("/")
        self.host, _, port = address.partition(":")
        self.port = int(port)
        lines = (f"GET /{path} HTTP/1.1", f"Host: {address}", source.header)
        self.request = ("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode()
        self.calls: list[Call] = []
        self.waiting: deque[float] = deque()
        self.open: set[Line] = set()
        self.idle: list[Line] = []
        self.opening = 0
        self.missing = 0  # answers, once everything is sent
        self.all_ended = asyncio.Event()

    async def call(self, until: float) -> None:
        """Send what is due until then, and wait for the answers."""
        await asyncio.gather(*(self._open() for _ in range(self.source.lines)))
        began, sent = time.monotonic(), 0
        while (now := time.monotonic()) < until:
            due = int((now - began) * self.source.rate)
            for _ in range(due - sent):
                self._send(now)
            sent = due
            await asyncio.sleep(TICK)
        self.missing = sent - len(self.calls)
        if self.missing > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.all_ended.wait(), PATIENCE)
        self.calls += [Call(until, until + PATIENCE, 0)] * (sent - len(self.calls))
        for line in self.open:
            if line.transport is not None:
                line.transport.close()
        await asyncio.sleep(TICK)  # in which they close

    def note(self, due: float, status: int) -> None:
        """Keep how a request ended."""
        self.calls.append(Call(due, time.monotonic(), status))
        self.missing -= 1
        if not self.missing:
            self.all_ended.set()

    def free(self, line: Line) -> None:
        """Use a connection for whatever waits, or keep it."""
        if self.waiting:
            line.send(self.waiting.popleft())
        else:
            self.idle.append(line)

    def gone(self, line: Line) -> None:
        """Forget a connection that is closed, and open another where somebody waits."""
        self.open.discard(line)
        if line in self.idle:
            self.idle.remove(line)
        if self.waiting:
            asyncio.ensure_future(self._open())  # noqa: RUF006 - ``call`` waits for its answer

    def _send(self, due: float) -> None:
        if self.idle:
            self.idle.pop().send(due)
            return
        self.waiting.append(due)
        if self.opening < len(self.waiting):
            asyncio.ensure_future(self._open())  # noqa: RUF006 - as above

    async def _open(self) -> None:
        self.opening += 1
        try:
            loop = asyncio.get_running_loop()
            _, line = await loop.create_connection(lambda: Line(self), self.host, self.port)
        except OSError:
            if self.waiting:
                self.note(self.waiting.popleft(), 0)
        else:
            self.open.add(line)
            self.free(line)
        finally:
            self.opening -= 1


async def paced(sources: Sequence[Source], seconds: float) -> list[Call]:
    """Call all sources at their paces for some seconds; return the calls."""
    crowds = [Crowd(source) for source in sources]
    until = time.monotonic() + seconds
    await asyncio.gather(*(crowd.call(until) for crowd in crowds))
    return [call for crowd in crowds for call in crowd.calls]


def cut(calls: Iterable[Call], of_thousand: int) -> float:
    """Return the milliseconds within which so many of a thousand calls were answered."""
    return quantiles((call.took * 1e3 for call in calls), n=1000, method="inclusive")[
        of_thousand - 1
    ]
