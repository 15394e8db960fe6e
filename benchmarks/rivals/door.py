"""The service that nginx and Traefik ask who calls: the least that one could write.

It knows its keys by digest in memory, answers 204 or 401, and needs nothing but granian.
``DOOR_KEYS`` holds the keys, separated by commas.
"""

import hashlib
import os
from typing import Any

KNOWN = {hashlib.sha256(key.encode()).digest() for key in os.environ["DOOR_KEYS"].split(",")}
YES = {"type": "http.response.start", "status": 204, "headers": []}
NO = {"type": "http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Bearer")]}
EMPTY = {"type": "http.response.body", "body": b""}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Let those in who bring a key."""
    if scope["type"] != "http":
        return
    value = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    known = hashlib.sha256(value.removeprefix(b"Bearer ")).digest() in KNOWN
    await send(YES if known else NO)
    await send(EMPTY)
