"""When a key was last used, as the gateways note it in Valkey before PostgreSQL learns it.

A hash holds ``<seconds since 1970> <network>`` for each key. ``apps.usage.lastused`` moves it into
the rows every minute.
"""

from datetime import UTC, datetime
from typing import Any

from apps.core import valkey
from apps.keys.models import Key

NOTED = "trl:lastused"
TAKEN = "trl:lastused:taken"


def read(value: bytes) -> tuple[float, str]:
    """Return when and from which network, of one value of the hash."""
    at, _, network = value.decode(errors="replace").partition(" ")
    return float(at), network


def latest(key: Key) -> datetime | None:
    """Return when ``key`` was last used, Valkey asked as well; RedisError when it is away."""
    client: Any = valkey.client()
    found = [value for name in (NOTED, TAKEN) if (value := client.hget(name, key.pk))]
    moments = [datetime.fromtimestamp(read(value)[0], UTC) for value in found]
    return max((moment for moment in (*moments, key.last_used_at) if moment), default=None)
