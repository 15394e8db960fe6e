"""A Valkey in a process of its own that dies when told: ``python -m benchmarks.mortal FOLDER``.

It says its URL. For each line ``SECONDS AWAY`` it lives so long, is killed, comes back empty after
that time, and says when it was killed and when it was back (monotonic seconds). So whoever sends
requests meanwhile has nothing else to do.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import IO, cast

from box.paths import Home
from box.valkey import Valkey


class Mortal:
    """Such a Valkey, as whoever measures sees it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-m", "benchmarks.mortal", str(folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._said()

    def die(self, after: float, away: float) -> None:
        """Let it be killed after so many seconds, and come back."""
        told = cast("IO[str]", self.process.stdin)
        told.write(f"{after} {away}\n")
        told.flush()

    def times(self) -> tuple[float, float]:
        """Return when it was killed, and when it was back."""
        killed, back = map(float, self._said().split())
        return killed, back

    def stop(self) -> None:
        """End it for good."""
        cast("IO[str]", self.process.stdin).close()
        self.process.wait(20)

    def _said(self) -> str:
        return cast("IO[str]", self.process.stdout).readline().strip()


def main() -> None:
    """Live, die and live again until nobody is left to tell it."""
    server = Valkey(Home(Path(sys.argv[1])), durable=False)
    server.start()
    print(server.url(), flush=True)
    for line in sys.stdin:
        after, away = map(float, line.split())
        time.sleep(after)
        assert server.process is not None  # noqa: S101 - it runs
        server.process.kill()
        killed = time.monotonic()
        server.process.wait()
        time.sleep(away)
        server.start()
        print(killed, time.monotonic(), flush=True)
    server.stop()


if __name__ == "__main__":
    main()
