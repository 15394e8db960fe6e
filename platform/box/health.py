"""Say whether the role that this container runs is well: code 0, or 1 with a reason."""

import os
import sys
import time
import urllib.request
from pathlib import Path

PORTS = {"web": ("WEB_PORT", "8000"), "gateway": ("GATEWAY_PORT", "8080")}
LATE = 60.0  # seconds without a sign of life from a worker or from beat


def main() -> None:
    """Ask the server, or look at the heartbeat."""
    role = Path("/tmp/role").read_text(encoding="utf-8")  # noqa: S108 - the container's own
    if role in PORTS:
        # As a proxy would ask it: under a name that it serves, after TLS.
        host = os.environ.get("TRELLIS_HOSTS", "localhost").split(",")[0]
        headers = {"Host": host, "X-Forwarded-Proto": "https"}
        url = f"http://127.0.0.1:{os.environ.get(*PORTS[role])}/healthz"
        request = urllib.request.Request(url, headers=headers)
        urllib.request.urlopen(request, timeout=4).close()  # noqa: S310 - our own server
    elif role in {"worker", "beat"}:
        quiet = time.time() - Path(os.environ["TRELLIS_HEARTBEAT"]).stat().st_mtime
        if quiet > LATE:
            sys.exit(f"{role} has shown no sign of life for {quiet:.0f} seconds")


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(str(error))
