"""A terminal in which the commands of a guide are typed as they stand."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.journeys.box import Box

_BLOCK = re.compile(r"^```bash\n(.+?)^```", re.MULTILINE | re.DOTALL)
_END = "-- end of the block --"


def blocks(guide: str) -> list[str]:
    """Return the commands of a guide, block by block."""
    return _BLOCK.findall((Path(settings.DOCS) / "guides" / f"{guide}.md").read_text())


class Terminal:
    """One bash that remembers what was typed before."""

    def __init__(self, box: Box, folder: Path) -> None:
        self.box = box
        self.shell = subprocess.Popen(
            ["/bin/bash"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.type('curl() { command curl -sS --max-time 20 "$@"; }')

    def type(self, block: str, **values: str) -> str:
        """Type ``block``, where ``values`` are what the guide tells the reader to keep."""
        assert self.shell.stdin
        assert self.shell.stdout
        here = block.replace("http://localhost:8080", self.box.api)
        here = here.replace("http://localhost:8000", self.box.portal)
        kept = "".join(f"{name}='{value}'\n" for name, value in values.items())
        self.shell.stdin.write(f"{kept}{here}\nprintf '\\n%s\\n' '{_END}'\n")
        self.shell.stdin.flush()
        lines = iter(self.shell.stdout.readline, f"{_END}\n")
        return "".join(lines).strip()

    def ask(self, block: str, **values: str) -> Any:
        """Type ``block`` and read the last line of what it prints as JSON."""
        return json.loads(self.type(block, **values).splitlines()[-1])

    def close(self) -> None:
        """Leave."""
        self.shell.communicate("exit\n", timeout=10)
