"""PostgreSQL cannot be asked: how that is told apart from a fault, and what everybody hears."""

from typing import Final

from django.db import InterfaceError, OperationalError

RETRY_AFTER: Final = "2"  # seconds
WORDS: Final = "The database cannot be reached right now. Try again in a moment."
# Shut down, crashed, starting up, an idle session ended; no connection is left.
AWAY: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "53300"})
BROKEN: Final = "08"  # the class of connection exceptions


def is_lost(error: BaseException | None) -> bool:
    """Tell whether ``error`` says that there is no PostgreSQL; what never arrived has no state."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state: str | None = getattr(error.__cause__, "sqlstate", None)
    return state is None or state in AWAY or state.startswith(BROKEN)
