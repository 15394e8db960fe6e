"""The one way in which apps speak to Valkey: a client that fails fast.

redis-py retries ten times by default, three to four seconds per command on a dead server.
"""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def client() -> redis.Redis:
    """Return this process's client; one try, 0.25 s to connect, 5 s for an answer."""
    return redis.Redis.from_url(
        settings.VALKEY_URL,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=0.25,
        socket_timeout=5,
    )
