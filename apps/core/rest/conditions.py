"""Conditional requests (RFC 9110, section 13): ETag, If-None-Match, If-Match.

An object's ETag is its version. An answer with other objects inside adds a digest of itself, since
those change by themselves; If-Match compares the version only.
"""

import hashlib
import re

from apps.core.rest.errors import PreconditionFailed

TAG = re.compile(r'(?:W/)?"[^"]*"')
VERSION = re.compile(r'"v(\d+)(?:-[0-9a-f]+)?"')


def etag(body: bytes, version: int | None, *, expanded: bool) -> str:
    """Return the ETag of an answer; ``version`` is None for lists."""
    if version is not None and not expanded:
        return f'"v{version}"'
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return f'"{digest}"' if version is None else f'"v{version}-{digest}"'


def unchanged(if_none_match: str | None, tag: str) -> bool:
    """Tell whether the caller already holds what ``tag`` names (section 13.1.2)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag in {held.removeprefix("W/") for held in TAG.findall(if_none_match)}


def check(if_match: str | None, version: int) -> None:
    """Raise PreconditionFailed unless ``if_match`` names ``version``; strong comparison."""
    if if_match is None or if_match.strip() == "*":
        return
    held = [found[1] for tag in TAG.findall(if_match) if (found := VERSION.fullmatch(tag))]
    if str(version) not in held:
        raise PreconditionFailed(
            f'If-Match is {if_match[:80]} and the object is now at "v{version}". Read it again.',
            headers={"ETag": f'"v{version}"'},
        )
