"""The limit of a key."""

import os
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class KeyThrottle(SimpleRateThrottle):
    """What UserRateThrottle does, for a key. ``RIVAL_NARROW`` begins a key with a small limit."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Count by key prefix."""
        key = request.headers.get("Authorization", "").partition(" ")[2].partition(".")[0]
        if key == os.environ.get("RIVAL_NARROW"):
            self.num_requests, self.duration = self.parse_rate("3/minute")
        return self.cache_format % {"scope": self.scope, "ident": key}
