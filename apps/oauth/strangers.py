"""How many clients somebody whom nobody vouches for may register.

Counted by address in Valkey. While Valkey is away all strangers share a smaller allowance, counted
in PostgreSQL: an outage opens no door.
"""

import hashlib
from datetime import timedelta
from typing import Final

import redis

from apps.applications.models import Application
from apps.core import clock, valkey
from apps.core.throttle import network
from apps.oauth.errors import TooManyAttemptsError
from apps.oauth.registration import EVERYBODY

AN_HOUR: Final = 20  # by one address
OF_ALL: Final = 100  # by everybody together, while Valkey is away
WINDOW: Final = 3600  # seconds


def admit(address: str) -> None:
    """Count one more registration from ``address``; refuse it when there were too many."""
    name = f"trl:oauth:registered:{hashlib.sha256(network(address).encode()).hexdigest()}"
    try:
        pipe = valkey.client().pipeline(transaction=True)
        pipe.incr(name)
        pipe.expire(name, WINDOW, nx=True)
        pipe.ttl(name)
        count, _, left = pipe.execute()
    except redis.RedisError:
        lately = clock.real() - timedelta(seconds=WINDOW)
        made = Application.objects.filter(organization=EVERYBODY, created_at__gt=lately)
        count, left = made.count() - OF_ALL + AN_HOUR + 1, WINDOW
    if count > AN_HOUR:
        raise TooManyAttemptsError(
            f"An address registers at most {AN_HOUR} clients an hour.", retry_after=max(1, left)
        )
