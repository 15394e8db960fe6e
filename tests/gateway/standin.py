"""A service to stand behind the gateway: slow, refusing, broken off or huge, as its path says.

It notes every request that reaches it, so that a test can say that one did not.
"""

import asyncio
import hashlib
import json
import threading
from typing import Any
from urllib.parse import unquote

OPERATIONS = {
    "/cached/{id}": ("get",),
    "/echo": ("get", "post", "put", "patch", "delete"),
    "/orders/{id}": ("get", "patch"),
    "/orders/mine": ("get",),
    "/dear": ("get",),
    "/free": ("get",),
    "/guarded": ("get",),
    "/guarded/twice": ("get",),
    "/slow/{seconds}": ("get",),
    "/reset": ("get", "post"),
    "/broken/{bytes}": ("get",),
    "/huge/{bytes}": ("get",),
    "/chunked": ("get",),
    "/headers": ("get",),
    "/garbage": ("get",),
    "/problem": ("get",),
    "/status/{number}": ("get",),
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the service, as the catalog takes it."""
    paths: dict[str, Any] = {}
    for path, methods in OPERATIONS.items():
        name = path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
        described: dict[str, Any] = {"x-trellis-scopes": ["shop:read"]}
        described["x-trellis-cost"] = {"/dear": 5, "/free": 0}.get(path, 1)
        if path == "/guarded":
            described["x-trellis-scopes"] = ["shop:write"]
        if path == "/guarded/twice":
            described["x-trellis-scopes"] = ["shop:read", "shop:write"]
        paths[f"/shop/v1{path}"] = {
            method: {"operationId": f"{name}_{method}", **described} for method in methods
        }
    scopes = {name: {"title": name} for name in ("shop:read", "shop:write")}
    info = {"title": "Shop", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "x-trellis-scopes": scopes, "paths": paths}


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


class StandIn:
    """The service, in a thread of its own."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.port = 0
        self.sent = 0  # bytes of huge answers that left
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(5)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seen(self, marker: str) -> list[dict[str, Any]]:
        """Return the requests whose target contains ``marker``."""
        return [request for request in self.requests if marker in request["target"]]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connection, "127.0.0.1", 0)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request = await self._request(head, reader)
                await self._answer(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _request(self, head: bytes, reader: asyncio.StreamReader) -> dict[str, Any]:
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        pairs = [line.split(": ", 1) for line in lines]
        headers = [[name.lower(), value] for name, value in pairs]
        found = {name: value for name, value in headers}  # noqa: C416 - dict() is not typed so
        request = {"method": method, "target": target, "headers": headers, "whole": False}
        self.requests.append(request)
        if found.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = await reader.readexactly(int(found.get("content-length", 0)))
        request |= {"length": len(body), "digest": hashlib.sha256(body).hexdigest(), "whole": True}
        return request

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        path = request["target"].partition("?")[0]
        kind, _, value = path.removeprefix("/shop/v1/").partition("/")
        if special := getattr(self, f"_{kind}", None):
            await special(value, writer)
        else:
            await self._say(writer, 200, json.dumps(request).encode())

    async def _say(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        body: bytes,
        kind: str = "application/json",
        more: str = "",
    ) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"{head}{more}\r\n".encode() + body)
        await writer.drain()

    async def _slow(self, value: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(float(value))
        await self._say(writer, 200, b"{}")

    async def _reset(self, value: str, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def _broken(self, value: str, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {value}\r\n\r\n".encode())
        writer.write(b"x" * (int(value) // 2))
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.transport.abort()

    async def _huge(self, value: str, writer: asyncio.StreamWriter) -> None:
        self.sent = 0
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {value}\r\n\r\n".encode())
        while self.sent < int(value):
            piece = min(65_536, int(value) - self.sent)
            writer.write(b"y" * piece)
            await writer.drain()
            self.sent += piece

    async def _large(self, value: str, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, 200, json.dumps({"target": "x" * int(value)}).encode())

    async def _chunked(self, value: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for part in (b"one", b"two", b"three"):
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")

    async def _headers(self, value: str, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, 200, b"{}", more=f"x-large: {'z' * 40_000}\r\n")

    async def _cached(self, value: str, writer: asyncio.StreamWriter) -> None:
        """Answer with how often it was asked, with the headers that its path names."""
        more = "".join(f"{line}\r\n" for line in unquote(value).split(";") if ":" in line)
        body = json.dumps({"asked": len(self.requests)}).encode()
        await self._say(writer, 200, body, more=more)

    async def _events(self, value: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"connection: close\r\n\r\n")
        for number in range(int(value)):
            writer.write(f"data: {number}\n\n".encode())
            await writer.drain()
            await asyncio.sleep(0.3)
        writer.close()

    async def _garbage(self, value: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is not HTTP\r\n\r\n")
        await writer.drain()

    async def _problem(self, value: str, writer: asyncio.StreamWriter) -> None:
        body = b'{"code": "order_paid", "status": 409}'
        more = "trellis-request-id: forged\r\nset-cookie: a=b\r\naccess-control-allow-origin: *\r\n"
        more += "keep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nserver: theirs\r\n"
        await self._say(writer, int(value or 409), body, "application/problem+json", more)

    async def _status(self, value: str, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {value} X\r\netag: abc\r\n\r\n".encode())
        await writer.drain()
