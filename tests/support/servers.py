"""A pytest plugin, loaded before Django's settings: real PostgreSQL and Valkey for the run.

The box starts them in a temporary home; settings find them through the environment.
"""

import atexit
import os
import shutil
import tempfile

from box import testing

MARK = "TRELLIS_TEST_HOME"


def _begin() -> None:
    home = tempfile.mkdtemp(prefix="trellis-test-")
    os.environ |= testing.start(home) | {MARK: home}
    atexit.register(_end, home, os.getpid())


def _end(home: str, owner: int) -> None:
    if os.getpid() == owner:
        testing.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if MARK not in os.environ:
    _begin()
