"""The box's one log: a time, a short coloured name, a line."""

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress

WIDTH = 9
COLOURS = {
    "trellis": "1",
    "web": "36",
    "gateway": "32",
    "worker": "35",
    "beat": "34",
    "postgres": "33",
    "valkey": "31",
    "example": "37",
}
# Credentials in a URL, wherever a program may quote one.
CREDENTIALS = re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@")


class Console:
    """Writes to the terminal; a terminal that went away disturbs nobody."""

    def __init__(self) -> None:
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.hide: Callable[[str], str] = lambda line: line

    def guard(self, secrets: list[str]) -> None:
        """Never print one of these values, whoever says it."""
        known = sorted((value for value in secrets if value), key=len, reverse=True)
        pattern = re.compile("|".join(re.escape(value) for value in known) or r"(?!)")
        self.hide = lambda line: CREDENTIALS.sub(r"\1:…@", pattern.sub("…", line))

    def say(self, line: str, name: str = "trellis") -> None:
        """Print one line of one process; a blank one says nothing."""
        if not line:
            return
        now = time.strftime("%H:%M:%S")
        label = f"{name:<{WIDTH}}"
        if self.coloured:
            colour = COLOURS.get(name.rstrip("0123456789"), "37")
            now, label = f"\x1b[2m{now}\x1b[0m", f"\x1b[{colour}m{label}\x1b[0m"
        self.raw(f"{now} {label} {self.hide(line)}")

    def raw(self, line: str) -> None:
        """Print a line as it is."""
        with suppress(OSError, ValueError):
            print(line, flush=True)
