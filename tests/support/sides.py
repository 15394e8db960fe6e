"""``python -m tests.support.sides [OPTIONS]``: the whole suite, as three runs side by side.

Two hold what waits a lot: whole boxes with browsers and foreign clients, and gateways that friends
desert. The third, whose lines are seen at once, has all the rest. Each has servers of its own; what
the other two print is shown when all are done.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

TESTS = Path(__file__).parents[1]
WAITING = (("journeys", "judges"), ("box", "gateway"))


def sides() -> list[list[str]]:
    """Return the folders with tests, by side, the seen one first; each folder is on one of them."""
    found = sorted({path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")})
    rest = [name for name in found if not any(name in side for side in WAITING)]
    return [[f"tests/{name}" for name in side] for side in (rest, *WAITING)]


def main(options: list[str]) -> int:
    """Run all sides; return 0 when all are green."""
    seen, *others = sides()
    pytest = [sys.executable, "-m", "pytest", *options]
    with ExitStack() as stack:
        kept = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in others]
        beside = [
            subprocess.Popen(  # noqa: S603 - our own tests
                [*pytest, "-p", "no:cacheprovider", *side], stdout=file, stderr=subprocess.STDOUT
            )
            for side, file in zip(others, kept, strict=True)
        ]
        try:
            codes = [subprocess.call([*pytest, *seen])]  # noqa: S603 - our own tests
            codes += [run.wait() for run in beside]
        finally:
            for run in beside:
                run.terminate()  # of a run that was interrupted; one that ended does not mind
                run.wait()
        for file in kept:
            file.seek(0)
            sys.stdout.write(file.read())
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
