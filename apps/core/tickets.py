"""Short-lived tickets with which a portal page opens a stream at the gateway.

The portal's cookies never reach the API's origin. A page carries a ticket instead: what it may
listen to and until when, under an HMAC of the installation's caller key.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

LIFE = 60  # seconds in which a stream may be opened


def issue(application: str, *, root: bytes, now: float) -> str:
    """Return a ticket to the live requests of ``application``; ``now`` in seconds since 1970."""
    body = json.dumps({"app": application, "exp": int(now) + LIFE}).encode()
    return f"{urlsafe_b64encode(body).decode()}.{_tag(body, root)}"


def read(ticket: str, *, root: bytes, now: float) -> str | None:
    """Return the application that ``ticket`` opens, or None when it is forged or too old."""
    encoded, _, tag = ticket.partition(".")
    try:
        body = urlsafe_b64decode(encoded.encode())
    except ValueError:
        return None
    if not hmac.compare_digest(tag.encode(), _tag(body, root).encode()):
        return None
    claims = json.loads(body)
    return claims["app"] if claims["exp"] >= now else None


def _tag(body: bytes, root: bytes) -> str:
    return hmac.new(root, b"trellis-ticket:" + body, "sha256").hexdigest()
