"""Telling every gateway at once that a credential's standing changed.

The shared cache entry becomes a tombstone (or is dropped) and a message goes out on
``trl:invalidate``. Should that be lost, the relay of the event log says it again within a second or
two, and a gateway trusts its own copy for five seconds only.
"""

import json
from collections.abc import Iterable

from apps.core import valkey

CHANNEL = "trl:invalidate"
TOMBSTONE_LIFE = 30 * 24 * 3600  # seconds; afterwards PostgreSQL says the same


def cache_name(digest: bytes) -> str:
    """Return the name of a credential's entry in the shared cache."""
    return f"trl:cred:{digest.hex()}"


def announce(digests: Iterable[bytes], *messages: str, dead: str | None = None) -> None:
    """Bury the cached credentials under the code ``dead``, or drop them; then send ``messages``."""
    pipe = valkey.client().pipeline(transaction=False)
    for digest in digests:
        if dead:
            pipe.set(cache_name(digest), json.dumps({"dead": dead}), ex=TOMBSTONE_LIFE)
        else:
            pipe.delete(cache_name(digest))
    for message in messages:
        pipe.publish(CHANNEL, message)
    pipe.execute()
