"""``python -m tests.support.sides [OPTIONS]``: the whole suite, as two runs side by side.

One holds the tests against a whole box (browsers, foreign clients), which wait a lot; the other all
the rest. Each has servers of its own. What the second prints is shown when both are done.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1]
BOXED = ("journeys", "judges")


def folders() -> tuple[list[str], list[str]]:
    """Return the folders with tests of both sides; each folder is on one of them."""
    found = sorted({path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")})
    rest = [name for name in found if name not in BOXED]
    return [f"tests/{name}" for name in rest], [f"tests/{name}" for name in BOXED]


def main(options: list[str]) -> int:
    """Run both sides; return 0 when both are green."""
    rest, boxed = folders()
    pytest = [sys.executable, "-m", "pytest", *options]
    with tempfile.TemporaryFile("w+") as kept:
        argv = [*pytest, "-p", "no:cacheprovider", *boxed]
        beside = subprocess.Popen(argv, stdout=kept, stderr=subprocess.STDOUT)  # noqa: S603 - our own tests
        try:
            codes = [subprocess.call([*pytest, *rest]), beside.wait()]  # noqa: S603 - our own tests
        finally:
            beside.terminate()  # of a run that was interrupted; one that ended does not mind
            beside.wait()
        kept.seek(0)
        sys.stdout.write(kept.read())
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
