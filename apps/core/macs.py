"""HMAC-SHA256 (RFC 2104) under keys that serve again and again."""

import hmac
from functools import lru_cache


@lru_cache(maxsize=256)
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def digest(key: bytes, message: bytes) -> bytes:
    """Return the code of a message. Copying what a key begins with halves what it costs."""
    made = _begun(key).copy()
    made.update(message)
    return made.digest()
