"""The least that an ASGI application can do: what the server itself costs."""

from typing import Any

BODY = b'{"object":"order","id":"ord_0000000000000000000000"}'
HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(BODY)),
    ],
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer 200 to everything."""
    if scope["type"] == "http":
        await send(HEAD)
        await send({"type": "http.response.body", "body": BODY})
