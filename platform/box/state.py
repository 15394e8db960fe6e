"""What a running box writes down: who runs, where, since when. Read by status, down and up."""

import json
from dataclasses import dataclass, field
from typing import Any

from box.paths import Home, Lock, write_private
from box.processes import Trace


@dataclass
class State:
    """The content of ``box.json``."""

    supervisor: Trace
    processes: dict[str, Trace] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    portal_url: str = ""
    api_url: str = ""
    ports: list[int] = field(default_factory=list)
    ready: bool = False

    def write(self, home: Home) -> None:
        """Replace the file."""
        content: dict[str, Any] = {
            **self.__dict__,
            "supervisor": self.supervisor.as_json(),
            "processes": {name: trace.as_json() for name, trace in self.processes.items()},
        }
        write_private(home.state, json.dumps(content, indent=2) + "\n")

    @classmethod
    def read(cls, home: Home) -> "State | None":
        """Return what was written last, if it can be read."""
        try:
            content = json.loads(home.state.read_text(encoding="utf-8"))
            content["supervisor"] = Trace(**content["supervisor"])
            content["processes"] = {
                name: Trace(**trace) for name, trace in content["processes"].items()
            }
            return cls(**content)
        except (OSError, ValueError, TypeError, KeyError):
            return None


def runs(home: Home) -> bool:
    """Say whether a box runs in this folder; its lock tells, not its notes."""
    if not home.root.is_dir():
        return False
    lock = Lock(home)
    free = lock.take()
    lock.release()
    return not free
