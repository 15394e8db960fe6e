"""When two requests are the same one, sent twice. Pure: the gateway asks it too."""

import hashlib

from apps.idempotency.errors import IdempotencyKeyInvalid

KEY_LENGTH = 255
METHODS = frozenset({"POST", "PATCH", "DELETE"})


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Return what makes two requests the same; ``path`` includes the query."""
    said = hashlib.sha256()
    for part in (method.encode(), path.encode(), body):
        said.update(len(part).to_bytes(8, "big") + part)
    return said.digest()


def check(key: str) -> None:
    """Refuse a key that is empty, too long or not plain text."""
    if not (0 < len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid(
            f"Idempotency-Key takes 1 to {KEY_LENGTH} printable ASCII characters.",
            param="Idempotency-Key",
        )
