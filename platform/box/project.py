"""Commands of the project itself, run against the box, which may run or not."""

import argparse
import os
import subprocess
import sys

from box import control
from box.paths import Home


def apply(home: Home, asked: argparse.Namespace) -> int:
    """Make upstreams, APIs and plans what a file says."""
    known = ("yes", "dry-run", "allow-breaking")
    options = [name for name in known if getattr(asked, name.replace("-", "_"))]
    return _run(home, "apply_platform", asked.file, *(f"--{name}" for name in options))


def purge(home: Home, asked: argparse.Namespace) -> int:
    """Let gateways forget the answers that they keep of an API."""
    return _run(home, "purge_cache", asked.api, *filter(None, [asked.tag]))


def _run(home: Home, *words: str) -> int:
    with control.reachable(home):
        environment = {**os.environ, **control.environment(home)}
        argv = [sys.executable, "-m", "django", *words]
        return subprocess.run(argv, env=environment, check=False).returncode
