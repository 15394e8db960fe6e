"""The limit of a key."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class KeyThrottle(SimpleRateThrottle):
    """What UserRateThrottle does, for a key."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Count by key prefix."""
        key = request.headers.get("Authorization", "").partition(" ")[2].partition(".")[0]
        return self.cache_format % {"scope": self.scope, "ident": key}
