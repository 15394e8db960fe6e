"""Build the stylesheet: ``python -m portal.assets``, or ``--check`` that it is up to date.

Tailwind comes from a wheel and daisyUI from ``assets/vendor``, so a build needs no network, and
the same sources give the same bytes.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "assets" / "portal.css"
BUILT = ROOT / "static" / "css" / "portal.css"


def css() -> bytes:
    """Return the stylesheet as the sources now say."""
    tailwind = Path(sysconfig.get_path("scripts")) / "tailwindcss"
    command = [str(tailwind), "--input", str(SOURCE), "--minify"]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own tool
    return run.stdout


def main() -> int:
    """Write the stylesheet, or with ``--check`` say whether the committed one is stale."""
    built = css()
    if "--check" not in sys.argv[1:]:
        BUILT.parent.mkdir(parents=True, exist_ok=True)
        BUILT.write_bytes(built)
        return 0
    if BUILT.exists() and BUILT.read_bytes() == built:
        return 0
    sys.stderr.write("static/css/portal.css is stale: run `python -m portal.assets`.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
