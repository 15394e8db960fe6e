"""Conditional requests (RFC 9110, section 13): ETag, If-None-Match, If-Match.

An object's ETag is its version: a number that counts its changes, or a digest of what can be
changed. An answer with members that change by themselves, such as other objects inside it, adds a
digest of itself; If-Match compares the version only.
"""

import hashlib
import re

from apps.core.rest.errors import PreconditionFailed

TAG = re.compile(r'(?:W/)?"[^"]*"')
VERSION = re.compile(r'"v([0-9a-f]+)(?:-[0-9a-f]+)?"')

Version = int | str


def digest(body: bytes) -> str:
    """Return a short digest of ``body``."""
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def etag(body: bytes, version: Version | None, *, drifts: bool) -> str:
    """Return the ETag of an answer; ``version`` is None for lists.

    ``drifts`` says that it holds what changes without a new version.
    """
    if version is not None and not drifts:
        return f'"v{version}"'
    said = digest(body)
    return f'"{said}"' if version is None else f'"v{version}-{said}"'


def unchanged(if_none_match: str | None, tag: str) -> bool:
    """Tell whether the caller already holds what ``tag`` names (section 13.1.2)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag in {held.removeprefix("W/") for held in TAG.findall(if_none_match)}


def check(if_match: str | None, version: Version) -> None:
    """Raise PreconditionFailed unless ``if_match`` names ``version``; strong comparison."""
    if if_match is None or if_match.strip() == "*":
        return
    held = [found[1] for tag in TAG.findall(if_match) if (found := VERSION.fullmatch(tag))]
    if str(version) not in held:
        raise PreconditionFailed(
            f'If-Match is {if_match[:80]} and the object is now at "v{version}". Read it again.',
            headers={"ETag": f'"v{version}"'},
        )
