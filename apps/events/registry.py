"""Which event types exist, and who follows the log.

An app registers its types and followers in ``AppConfig.ready()``; an unregistered type cannot be
emitted, so a type without words never reaches a reader.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.events.models import Event

Follower = Callable[["Sequence[Event]"], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of event: ``name`` such as ``key.revoked``, and one sentence about it."""

    name: str
    summary: str


kinds: dict[str, Kind] = {}
followers: dict[str, Follower] = {}
prompt: set[str] = set()


def register(*described: tuple[str, str]) -> None:
    """Make event types known, each as ``(name, one sentence)``."""
    for name, summary in described:
        kinds[name] = Kind(name, summary)


def follow(name: str, follower: Follower, *, promptly: bool = False) -> None:
    """Let ``follower`` see every event, in order and at least once, soon after its commit.

    With ``promptly`` it is also called right after the commit, in the process that emitted the
    event. That call may be lost and errors in it are logged only: the log's own reading is the
    promise.
    """
    followers[name] = follower
    if promptly:
        prompt.add(name)
