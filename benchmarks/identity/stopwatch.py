"""How long after its revocation a token is still accepted: four gateways, under load.

``python -m … TOKENS.json UPSTREAM`` starts a Valkey and four gateways of its own. One token after
the other is revoked with the service that the portal and the revocation endpoint use, while every
gateway is asked about it over and over. The clock starts before the service is called and stops
with a gateway's first refusal. Then Valkey is killed, and the same is done without it.
"""

import asyncio
import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from benchmarks.measure import Server, granian
from benchmarks.servers import free_port, listens
from box.paths import Home
from box.valkey import Valkey

GATEWAYS = 4
LOAD = 100  # requests per second at each gateway, beside those of the stopwatch
ROUNDS = 250
TOGETHER = 40  # tokens revoked at the same time while Valkey is away
PATH = "/commerce/v1/orders"
GIVE_UP = 15.0


class Line:
    """A connection to one gateway that is kept."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: Any = None

    async def accepts(self, token: str) -> bool:
        """Tell whether the gateway accepts a token."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        head = f"GET {PATH} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.partition(b"content-length: ")[2].partition(b"\r")[0]
        body = await reader.readexactly(int(length or 0))
        status = int(answer.split(b" ", 2)[1])
        if status not in {200, 401}:
            raise SystemExit(f"A gateway answered {status}: {body[:300]!r}")
        return status == 200  # noqa: PLR2004 - HTTP's own


class Stopwatch:
    """Four gateways, and tokens to revoke at them."""

    def __init__(self, ports: Sequence[int], tokens: list[str]) -> None:
        self.ports = ports
        self.busy, *self.tokens = tokens
        self.thread = ThreadPoolExecutor(1)
        self.over = False

    async def revoke(self, *tokens: str) -> float:
        """Revoke tokens; return when it began."""
        loop = asyncio.get_running_loop()
        began = time.monotonic()
        await loop.run_in_executor(self.thread, _revoke, tokens)
        return began

    async def load(self, port: int) -> None:
        """Keep a gateway busy."""
        line = Line(port)
        while not self.over:
            began = time.monotonic()
            await line.accepts(self.busy)
            await asyncio.sleep(max(0.0, 1 / LOAD - (time.monotonic() - began)))

    async def one_by_one(self) -> list[float]:
        """Revoke one token after the other; return the seconds at each gateway."""
        lines, took = [Line(port) for port in self.ports], list[float]()
        for _ in range(ROUNDS):
            token = self.tokens.pop()
            for line in lines:
                assert await line.accepts(token)  # noqa: S101 - or it measures nothing
            watches = [asyncio.create_task(_refused(line, token, 0.002)) for line in lines]
            began = await self.revoke(token)
            took += [ended - began for ended in await asyncio.gather(*watches)]
        return took

    async def together(self) -> list[float]:
        """Revoke many tokens at once; return the seconds at each gateway."""
        tokens = [self.tokens.pop() for _ in range(TOGETHER)]
        lines = [(Line(port), token) for port in self.ports for token in tokens]
        for line, token in lines:
            assert await line.accepts(token)  # noqa: S101 - or it measures nothing
        watches = [asyncio.create_task(_refused(line, token, 0.25)) for line, token in lines]
        began = await self.revoke(*tokens)
        return [ended - began for ended in await asyncio.gather(*watches)]

    async def run(self, valkey: Valkey) -> dict[str, list[float]]:
        """Measure with Valkey and without."""
        loads = [asyncio.create_task(self.load(port)) for port in self.ports]
        await asyncio.sleep(1)
        found = {"revoked": await self.one_by_one(), "revoked, Valkey killed": list[float]()}
        for _ in range(3):
            _kill(valkey)
            await asyncio.sleep(0.5)
            found["revoked, Valkey killed"] += await self.together()
            valkey.start()
            await asyncio.sleep(2)
        self.over = True
        await asyncio.gather(*loads)
        return found


async def _refused(line: Line, token: str, pause: float) -> float:
    """Ask until the token is refused; return when."""
    until = time.monotonic() + GIVE_UP
    while await line.accepts(token):
        if time.monotonic() > until:
            raise SystemExit("A revoked token was still accepted.")
        await asyncio.sleep(pause)
    return time.monotonic()


def _revoke(tokens: Sequence[str]) -> None:
    from apps.oauth import families  # noqa: PLC0415 - models load after setup()
    from apps.oauth.models import AccessToken  # noqa: PLC0415 - as above

    for text in tokens:
        checksum = hashlib.sha256(text.encode()).hexdigest()
        token = AccessToken.objects.get(token_checksum=checksum)
        families.revoke_access_token(token, reason="benchmark", actor=None)


def _kill(valkey: Valkey) -> None:
    if valkey.process is not None:
        valkey.process.kill()
        valkey.process.wait()


def main() -> None:
    """Print the seconds of every measurement."""
    tokens = json.loads(Path(sys.argv[1]).read_text())["opaque"]
    with TemporaryDirectory(prefix="trellis-bench-") as folder:
        valkey = Valkey(Home(Path(folder)), durable=False)
        valkey.start()
        os.environ["VALKEY_URL"] = valkey.url()
        django.setup()
        logging.disable(logging.CRITICAL)  # Valkey is killed on purpose; the log says so at length.
        ports, servers = [free_port() for _ in range(GATEWAYS)], []
        for port in ports:
            argv = granian("asgi", "gateway.asgi:app", port, "--loop", "uvloop")
            where = {"TRELLIS_WEB_UPSTREAM": sys.argv[2], "TRELLIS_SPOOL_DIR": f"{folder}/{port}"}
            log = Path(folder) / f"{port}.log"
            servers.append(Server(str(port), argv, os.environ | where, log))
        try:
            for port, server in zip(ports, servers, strict=True):
                assert listens(port, server)  # noqa: S101 - or there is nothing to measure
            time.sleep(2)
            print(json.dumps(asyncio.run(Stopwatch(ports, tokens).run(valkey))))
        finally:
            for server in servers:
                server.stop()
            valkey.stop()


if __name__ == "__main__":
    main()
