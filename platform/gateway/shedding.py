"""Who waits first when there is too much: one process turns requests away by their priority.

What is under way is counted until its answer begins. The last fifth of the room is kept for what
the operator calls high, and what is low makes way first (as Stripe sheds its load).
"""

from gateway.problems import Overloaded

SHARES = {"low": 0.6, "normal": 0.8, "high": 1.0}


class Shedding:
    """How many requests one process has under way, and how many it takes of each priority."""

    def __init__(self, capacity: int) -> None:
        self.size = 0
        self.room = {name: int(capacity * share) for name, share in SHARES.items()}
        self.least = min(self.room.values())

    def check(self, priority: str) -> None:
        """Refuse a request for which there is no room."""
        if self.size > self.room[priority]:
            raise Overloaded(
                f"The gateway has {self.size - 1} requests under way, and takes no more of "
                f"{priority} priority.",
                headers={"Retry-After": "1"},
            )
