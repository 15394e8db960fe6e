"""The memory of one gateway worker through a million requests with ten thousand keys."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.measure import Asked
from benchmarks.plans import WIDE
from benchmarks.rivals import nginx
from benchmarks.rivals.stands import ORDER
from benchmarks.servers import NGINX, Bench, free_port

REQUESTS = 1_000_000
KEYS = 10_000
STEPS = 10
CONNECTIONS = 32
SPELL = 5.0  # seconds of load between looks

# wrk's own language: every request is that of the next key.
SCRIPT = """
local made, at = {}, 0
function init()
  for key in io.lines("%(keys)s") do
    made[#made + 1] = wrk.format("GET", nil, {["Authorization"] = "Bearer " .. key})
  end
end
function request()
  at = at %% #made + 1
  return made[at]
end
"""


def run(bench: Bench, *, requests: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Send the requests, and look at the worker's memory ten times on the way."""
    url, process, script = _prepare(bench)
    sent = wrong = 0
    steps: list[dict[str, float]] = []
    asked = Asked(url, "", 200, SPELL, CONNECTIONS, script=str(script))
    while sent < requests:
        seen = measure.load(asked)
        sent, wrong = sent + seen.requests, wrong + seen.wrong
        reached = min(STEPS, int(sent / requests * STEPS))
        if reached > len(steps) or not steps:
            held = measure.memory(process)
            steps += [{"requests": sent, "mb": round(held, 1)}] * max(1, reached - len(steps))
            say(f"{sent:9,} requests: {held:6.1f} MB")
    return {
        "requests": sent,
        "keys": KEYS,
        "wrong": wrong,
        "steps": steps[-STEPS:],
        "most": max(step["mb"] for step in steps),
    }


def _prepare(bench: Bench) -> tuple[str, int, Path]:
    """Make the keys and start everything; return where, which process, and wrk's script."""
    if not (NGINX and shutil.which("wrk")):
        raise SystemExit("A million requests need nginx and wrk (Debian has both).")
    port = free_port()
    bench.serve("upstream", nginx.upstream(bench.folder, port=port), port, core=-1)
    asked = {"upstream": f"http://127.0.0.1:{port}", "plans": {"wide": WIDE}, "keys": KEYS}
    made = bench.facts("benchmarks.trellis", json.dumps(asked))
    keys, script = bench.folder / "keys.txt", bench.folder / "keys.lua"
    keys.write_text("\n".join(made["keys"]))
    script.write_text(SCRIPT % {"keys": keys})
    gateway, process = bench.gateway("gateway")
    return f"http://127.0.0.1:{gateway}/shop/v1/orders/{ORDER}", process, script
