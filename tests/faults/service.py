"""``python -m tests.faults.service FILE``: a service that writes down each request it sees.

It prints its port. Paths are ``/KIND/ID``; what is answered goes by the kind, what is written down
is ``ID METHOD DIGEST`` of the body, before the answer begins.
"""

import asyncio
import gzip
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator

MB = 1024 * 1024
JSON = "content-type: application/json"
BOMB = gzip.compress(b"[" + b"0," * (32 * MB) + b"0]", compresslevel=1)
LONG = 200_000  # bytes of an answer that passes piece by piece


def answer(identity: str, digest: str, size: int = 0) -> bytes:
    """Return the body that tells what was asked: a client checks it byte by byte."""
    told = json.dumps({"id": identity, "digest": digest}).encode()
    return told + b" " * (size - len(told))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, book: int) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            lines = dict(line.lower().split(": ", 1) for line in head[1:-2])
            body = await reader.readexactly(int(lines.get("content-length", "0")))
            kind, _, identity = target.strip("/").partition("?")[0].partition("/")
            digest = hashlib.sha256(body).hexdigest()
            os.write(book, f"{identity} {method} {digest}\n".encode())
            async for piece in pieces(kind, identity, digest):
                writer.write(piece)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def pieces(kind: str, identity: str, digest: str) -> AsyncIterator[bytes]:
    """Yield an answer as its kind has it."""
    if kind == "bomb":
        yield _head(len(BOMB), "content-encoding: gzip") + BOMB
    elif kind == "endless":
        yield f"HTTP/1.1 200 OK\r\n{JSON}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        while True:
            yield b"10000\r\n" + b" " * 65_536 + b"\r\n"
    elif kind == "header":
        yield f"HTTP/1.1 200 OK\r\nx-large: {'z' * MB}\r\n\r\n".encode()
    elif kind == "late":
        await asyncio.sleep(60)
    else:
        await asyncio.sleep(0.3 if kind == "slow" else 0)
        told = answer(identity, digest, LONG if kind == "long" else 0)
        yield _head(len(told)) + told


def _head(length: int, *lines: str) -> bytes:
    told = ["HTTP/1.1 200 OK", JSON, *lines, f"content-length: {length}"]
    return ("\r\n".join(told) + "\r\n\r\n").encode()


async def main(file: str) -> None:
    """Serve until the process is ended."""
    book = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await asyncio.start_server(lambda r, w: serve(r, w, book), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
