"""Clients that ask steadily whatever happens, and write down how each request ended."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.faults.ledger import CLOSED, LATE, REFUSED, TORN, Entry, Ledger
from tests.faults.proxy import Background
from tests.faults.service import LONG, answer

PATIENCE = 15.0  # seconds
KEPT = 4.0  # seconds for which a connection is used again
MANY = 65_536


@dataclass(frozen=True)
class Ask:
    """One kind of request. ``fresh`` clients open a connection for each."""

    key: str
    api: str = "well"
    kind: str = "items"
    method: str = "GET"
    size: int = 0  # bytes of a body
    fresh: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    patience: float = PATIENCE


class Closed(Exception):  # noqa: N818 - how an answer ended
    """The connection ended before an answer was whole; ``begun`` when some of it was there."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__()
        self.begun = begun


class Wire:
    """One connection to a gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.used = time.monotonic()

    @property
    def usable(self) -> bool:
        """Tell what any careful client looks at before it sends on a kept connection."""
        young = time.monotonic() - self.used < KEPT
        return young and not self.reader.at_eof() and not self.writer.is_closing()

    async def ask(self, said: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a request and return its whole answer: status, headers, body."""
        try:
            self.writer.write(said)
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise Closed(begun=bool(error.partial)) from None
        except OSError:
            raise Closed(begun=False) from None
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        try:
            body = await self._body(headers)
        except (asyncio.IncompleteReadError, OSError):
            raise Closed(begun=True) from None
        self.used = time.monotonic()
        return int(first.split(" ")[1]), headers, body

    async def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int((await self.reader.readuntil(b"\r\n")).strip(), 16):
            piece = await self.reader.readexactly(size + 2)
            body = (body + piece[:-2])[:MANY]
        await self.reader.readexactly(2)
        return body


class Flow:
    """Requests at a steady rate, each on its way whether the last one came back or not."""

    def __init__(
        self,
        clients: "Clients",
        asks: Sequence[Ask],
        rate: float,
        ports: Sequence[int],
        *,
        again: bool,
    ) -> None:
        self.asks = asks
        self.rate = rate
        self.ports = ports
        self.again = again  # whether a refused connection is tried at the next gateway
        self.entries: list[Entry] = []
        self._clients = clients
        self._going = True
        self._under_way: set[asyncio.Task[None]] = set()
        self._task = asyncio.run_coroutine_threadsafe(self._run(), clients.background.loop)

    def stop(self) -> list[Entry]:
        """Begin no more, wait for those under way, and return all."""
        self._going = False
        self._task.result()
        return self.entries

    def between(self, begin: float, end: float) -> list[Entry]:
        """Return what was sent in a span of time."""
        return [one for one in list(self.entries) if begin <= one.at < end]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for number in itertools.count():
            if not self._going:
                break
            ask = self.asks[number % len(self.asks)]
            task = asyncio.create_task(self._one(ask, number))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - loop.time()))
        await asyncio.gather(*self._under_way)

    async def _one(self, ask: Ask, number: int) -> None:
        entry = Entry(next(self._clients.names), number, ask.method, time.monotonic())
        self.entries.append(entry)
        self._clients.ledger.entries.append(entry)
        try:
            async with asyncio.timeout(ask.patience):
                await self._send(ask, entry)
        except TimeoutError:
            entry.ended = LATE
        except Closed as closed:
            entry.ended = TORN if closed.begun else CLOSED
        except OSError:
            entry.ended = REFUSED
        entry.took = time.monotonic() - entry.at

    async def _send(self, ask: Ask, entry: Entry) -> None:
        body = entry.id.encode().ljust(ask.size, b".") if ask.size else b""
        at = entry.number % len(self.ports)
        for port in [*self.ports[at:], *self.ports[:at]]:
            try:
                wire = await self._clients.wire(port, fresh=ask.fresh)
            except OSError:
                if not self.again:
                    raise
            else:
                break
        else:
            raise ConnectionRefusedError
        try:
            entry.status, headers, told = await wire.ask(_request(ask, entry, body))
        except BaseException:
            wire.writer.close()
            raise
        _note(entry, ask, headers, told, body)
        if ask.fresh or headers.get("connection") == "close":
            wire.writer.close()
        else:
            self._clients.idle.setdefault(port, []).append(wire)


class Clients:
    """All clients of one row, and their ledger."""

    def __init__(self, background: Background, name: str) -> None:
        self.background = background
        self.ledger = Ledger(name)
        self.names = (f"{name}-{number}" for number in itertools.count(1))
        self.idle: dict[int, list[Wire]] = {}

    def flow(self, *asks: Ask, rate: float, ports: Sequence[int], again: bool = False) -> Flow:
        """Begin to ask."""
        return Flow(self, asks, rate, ports, again=again)

    def close(self) -> None:
        """Close what is kept."""
        self.background.do(self._close())

    async def _close(self) -> None:
        for wire in itertools.chain(*self.idle.values()):
            wire.writer.close()
        self.idle.clear()

    async def wire(self, port: int, *, fresh: bool) -> Wire:
        """Return a connection that was kept, or a new one."""
        kept = self.idle.get(port, [])
        while kept and not fresh:
            wire = kept.pop()
            if wire.usable:
                return wire
            wire.writer.close()
        return Wire(*await asyncio.open_connection("127.0.0.1", port, limit=MANY * 4))


def _request(ask: Ask, entry: Entry, body: bytes) -> bytes:
    lines = [
        f"{ask.method} /{ask.api}/v1/{ask.kind}/{entry.id} HTTP/1.1",
        "host: api.test",
        f"authorization: Bearer {ask.key}",
        *(f"{name}: {value.format(id=entry.id)}" for name, value in ask.headers.items()),
        *([f"content-length: {len(body)}"] if body or ask.method != "GET" else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _note(entry: Entry, ask: Ask, headers: dict[str, str], told: bytes, body: bytes) -> None:
    entry.request_id = headers.get("trellis-request-id", "")
    entry.headers = headers
    if entry.good:
        digest = hashlib.sha256(body).hexdigest()
        right = answer(entry.id, digest, LONG if ask.kind == "long" else 0)
        entry.right = told == right
    else:
        entry.code = _code(told)


def _code(told: bytes) -> str:
    try:
        document: Any = orjson.loads(told)
        return str(document["code"])
    except (ValueError, KeyError, TypeError):
        return ""
