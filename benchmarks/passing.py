"""What passing bytes on costs by itself: an ASGI application that decides and records nothing.

It shows how much of the gateway's share belongs to the server, the sockets and waking up, and how
much to what the gateway does.
"""

import os
from typing import Any

from gateway.pool import Pool

pools: list[Pool] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Send a GET on to TRELLIS_WEB_UPSTREAM with the gateway's own client, and its answer back."""
    if scope["type"] != "http":
        return
    if not pools:
        pools.append(Pool(os.environ["TRELLIS_WEB_UPSTREAM"]))
    lines = [b"GET " + scope["raw_path"] + b" HTTP/1.1", *(b": ".join(h) for h in scope["headers"])]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    reply = await pools[0].send(head, repeatable=True)
    body = reply.whole()
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": body})
