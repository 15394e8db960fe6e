"""``trellis apply``: make upstreams, APIs and plans what a file says."""

import argparse
import os
import subprocess
import sys

from box import control
from box.paths import Home


def apply(home: Home, asked: argparse.Namespace) -> int:
    """Run the project's own command against the box, which may run or not."""
    argv = [sys.executable, "-m", "django", "apply_platform", asked.file]
    argv += [f"--{name}" for name in ("yes", "dry-run") if getattr(asked, name.replace("-", "_"))]
    with control.reachable(home):
        environment = {**os.environ, **control.environment(home)}
        return subprocess.run(argv, env=environment, check=False).returncode
