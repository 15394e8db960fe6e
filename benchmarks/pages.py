"""The pages that tell the figures: what stands between two marks is written by every run.

``<!-- figures: NAME -->`` begins such a place, ``<!-- end -->`` ends it.
"""

import re
from collections.abc import Callable
from typing import Any

from benchmarks import goals, picture, tables
from benchmarks.results import FOLDER
from benchmarks.servers import ROOT
from benchmarks.tables import THEIRS, named

PAGES = (ROOT / "README.md", FOLDER / "README.md")
PICTURE = FOLDER / "comparison.svg"
PLACE = re.compile(r"<!-- figures: ([\w-]+) -->\n.*?<!-- end -->", re.DOTALL)


def blocks(found: dict[str, Any]) -> dict[str, str]:
    """Return what belongs in every place of whose part there are figures."""
    parts = {name: part["found"] for name, part in found.items() if name != "machine"}
    made = {"goals": goals.goals(found), "machine": tables.machine(found["machine"])}
    simple: dict[str, Callable[[Any], str]] = {
        "decision": tables.decision,
        "latency": tables.latency,
        "admission": tables.admission,
        "native": tables.native,
        "memory": tables.memory,
    }
    for name, told in simple.items():
        if name in parts:
            made[name] = f"{told(parts[name])}\n\nMeasured {found[name]['measured']}."
    if "comparison" in parts:
        one, two = parts["comparison"]["1"], parts["comparison"]["2"]
        made["brief"] = tables.brief(one, two)
        when = f"Measured {found['comparison']['measured']}."
        made["one-worker"] = f"{tables.comparison(one)}\n\n{when}"
        made["two-workers"] = f"{tables.comparison(two)}\n\n{when}"
    if "native" in parts:
        ours, theirs = (named(parts["native"], name)["total"] for name in ("Trellis", THEIRS))
        made["whole-read"] = (
            f"A whole read of one order through the gateway to the reference API costs "
            f"{ours / theirs:.2f} of what plain DRF with a key and a throttle takes for it."
        )
    return made


def refreshed(text: str, made: dict[str, str]) -> str:
    """Return a page with new figures; a place for which there are none stays as it is."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        return f"<!-- figures: {name} -->\n{made[name]}\n<!-- end -->" if name in made else place[0]

    return PLACE.sub(fill, text)


def write(found: dict[str, Any]) -> None:
    """Refresh every page, and the picture."""
    made = blocks(found)
    for page in PAGES:
        page.write_text(refreshed(page.read_text(encoding="utf-8"), made), encoding="utf-8")
    if "comparison" in found:
        drawn = picture.draw(found["comparison"]["found"]["1"])
        PICTURE.write_text(drawn, encoding="utf-8")
