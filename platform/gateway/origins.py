"""Which pages of other origins may call, and read what is answered (CORS, the Fetch standard).

The portal's pages may; those of other origins where the operation's policy lists them. No cookie
and no other standing of a browser counts here, so an answer never allows credentials.
"""

from typing import TYPE_CHECKING

from apps.core.errors import Problem

if TYPE_CHECKING:
    from gateway.exchange import Exchange


def allowed(exchange: "Exchange", method: str) -> bytes:
    """Return the origin that asks if its page may call the operation, or nothing."""
    origin: bytes = exchange.headers.get(b"origin", b"")
    if not origin or origin == exchange.runtime.portal:
        return origin
    table = exchange.runtime.routes.table
    if table is None:
        return b""
    try:
        listed = table.locate(method, exchange.path).policy.cors
    except Problem:
        return b""
    return origin if "*" in listed or origin.decode("latin-1") in listed else b""
