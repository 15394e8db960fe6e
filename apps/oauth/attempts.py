"""How often clients and people may fail, or begin something, before they have to wait.

The caller's address is part of what is counted: nobody locks somebody else out from elsewhere.
"""

from typing import Final

from apps.core import throttle
from apps.oauth.errors import TooManyAttemptsError

AT_MOST: Final = 10
WINDOW: Final = 60  # seconds
BEGINNINGS: Final = 60  # a minute: what a client that proves nothing may store from one address


def admit(purpose: str, *who: str, at_most: int = AT_MOST) -> None:
    """Refuse when this has failed too often within a minute."""
    if left := throttle.wait(purpose, *who, at_most=at_most):
        raise TooManyAttemptsError(
            f"Too many failed attempts. Try again in {left} seconds.", retry_after=left
        )


def failed(purpose: str, *who: str) -> None:
    """Count one failure."""
    throttle.count(purpose, *who, window=WINDOW)


def bound(purpose: str, address: str) -> None:
    """Refuse when ``address`` began too many of something within a minute; count this one."""
    if not throttle.admits(purpose, address, at_most=BEGINNINGS, window=WINDOW):
        raise TooManyAttemptsError("Too many at once. Try again in a minute.", retry_after=WINDOW)
