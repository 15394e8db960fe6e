"""Paced requests: as many as are due, each timed from when it was due, none forgotten."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.traffic import Call, Source, paced

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
PACE, SECONDS = 400, 0.5
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def fine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
    except asyncio.IncompleteReadError:
        writer.close()


async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def dawdling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(0.2)
    writer.write(OK)
    await fine(reader, writer)


def call(answer: Answer, *, lines: int = 4) -> list[Call]:
    """Return the calls of half a second to a server that answers so."""

    async def run() -> list[Call]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            url = f"http://127.0.0.1:{port}/orders/1"
            return await paced([Source(url, "Authorization: Bearer a", PACE, lines)], SECONDS)

    return asyncio.run(run())


def test_as_many_are_sent_as_are_due_and_all_are_answered() -> None:
    calls = call(fine)
    assert len(calls) == pytest.approx(PACE * SECONDS, rel=0.1)
    assert {call.status for call in calls} == {200}
    assert all(call.took > 0 for call in calls)


def test_a_connection_that_breaks_is_a_call_without_a_status() -> None:
    calls = call(rude)
    assert len(calls) == pytest.approx(PACE * SECONDS, rel=0.1)
    assert Counter(call.status for call in calls) == {0: len(calls)}


def test_a_server_that_stalls_is_not_spared_what_comes_meanwhile() -> None:
    calls = call(dawdling, lines=1)
    assert len(calls) == pytest.approx(PACE * SECONDS, rel=0.1)
    waited = [call for call in calls if call.took > 0.1]
    assert len(waited) > PACE * 0.1
