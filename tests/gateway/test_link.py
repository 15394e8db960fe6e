"""The link to Valkey answers in order, survives a forgetful server, and gives up quickly."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.link import Address, Down, Link, Refusal, Script, pack
from tests.faults.proxy import FINE, Background, Proxy, delayed, socket_of

DOUBLE = Script("return ARGV[1] * 2")


def linked(test: Callable[[Link], Awaitable[Any]], *, patience: float = 1) -> Any:
    """Run ``test`` with a link to the real Valkey."""

    async def run() -> Any:
        link = Link(os.environ["VALKEY_URL"], patience=patience, scripts=(DOUBLE,))
        await link.start()
        try:
            return await test(link)
        finally:
            await link.stop()

    return asyncio.run(run())


def test_answers_come_to_those_who_asked() -> None:
    async def ask(link: Link) -> list[bytes]:
        return list(await asyncio.gather(*(link.ask(pack("ECHO", str(n))) for n in range(500))))

    assert linked(ask) == [str(n).encode() for n in range(500)]


def test_a_refusal_is_for_the_one_who_asked() -> None:
    async def ask(link: Link) -> list[Any]:
        asked = [link.ask(pack("ECHO", "a")), link.ask(pack("NONSENSE")), link.ask(pack("PING"))]
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, third = linked(ask)
    assert (first, third) == (b"a", b"PONG")
    assert isinstance(second, Refusal)


def test_scripts_that_were_forgotten_are_told_again() -> None:
    async def ask(link: Link) -> Any:
        await link.ask(pack("SCRIPT", "FLUSH"))
        return await link.run(DOUBLE.frame([], 21))

    assert linked(ask) == 42


def test_a_connection_that_is_cut_is_made_again() -> None:
    async def ask(link: Link) -> float:
        assert link.wire is not None
        assert link.wire.transport is not None
        waiting = link.ask(pack("BLPOP", "nobody", 0))
        link.wire.transport.abort()
        with pytest.raises(Down):
            await waiting
        began = time.monotonic()
        while not link.up:
            with pytest.raises(Down):
                link.ask(pack("PING"))
            await asyncio.sleep(0.01)
        assert await link.ask(pack("PING")) == b"PONG"
        return time.monotonic() - began

    assert linked(ask) < 1


def test_silence_is_given_up() -> None:
    async def ask(link: Link) -> float:
        began = time.monotonic()
        with pytest.raises(Down):
            await link.ask(pack("BLPOP", "nobody", 0))
        return time.monotonic() - began

    assert 0.02 <= linked(ask, patience=0.02) < 0.2


def test_who_is_slower_than_we_wait_is_not_asked() -> None:
    background, url = Background(), os.environ["VALKEY_URL"]
    proxy = Proxy(socket_of(url), background)

    async def look() -> list[bool]:
        link = Link(proxy.way(url), patience=0.1)
        await link.start()
        assert link.up
        await asyncio.to_thread(setattr, proxy, "fault", delayed(0.06))
        with pytest.raises(Down):
            await link.ask(pack("PING"))
        seen: list[bool] = []
        for _ in range(20):
            await asyncio.sleep(0.05)
            seen.append(link.up)
        await asyncio.to_thread(setattr, proxy, "fault", FINE)
        began = time.monotonic()
        while not link.up:
            assert time.monotonic() - began < 5
            await asyncio.sleep(0.01)
        await link.stop()
        return seen

    try:
        assert set(asyncio.run(look())) == {False}
    finally:
        proxy.stop()
        background.stop()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://:secret@host:7000/3", Address("", "host", 7000, "", "secret", 3)),
        ("redis://me:p%40ss@host", Address("", "host", 6379, "me", "p@ss", 0)),
        ("unix://:s@/run/a%20b.sock?db=2", Address("/run/a b.sock", "127.0.0.1", 6379, "", "s", 2)),
    ],
)
def test_addresses(url: str, address: Address) -> None:
    assert Address.of(url) == address
