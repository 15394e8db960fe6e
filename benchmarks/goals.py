"""What was promised, held against what was measured."""

from typing import Any

from benchmarks.tables import DRF, ENVOY, OURS, named, table

BUSY = ("16", "64")  # requests in flight at which a decision is judged
CPU, TIMES_ENVOY, TIMES_DRF, DECISION, ADDED = 100, 1.5, 15, 6, 2
SHARE, SLOW, MEGABYTES = 1.05, 25, 150

Goal = tuple[str, str, bool]  # what was promised, what was found, whether it is kept


def judged(found: dict[str, Any]) -> list[Goal]:
    """Return every goal of whose part there are figures."""
    parts = {name: part["found"] for name, part in found.items() if name != "machine"}
    goals: list[Goal] = []
    if "comparison" in parts:
        goals += _comparison(parts["comparison"])
    if "decision" in parts:
        spent = max(parts["decision"]["each asked"][flying]["here"] for flying in BUSY)
        words = f"a decision costs at most {DECISION} us at 16 or more in flight"
        goals.append((words, f"{spent:.1f}", spent <= DECISION))
    if "latency" in parts:
        added = _added(parts["latency"], OURS)
        told = f"{added:.2f} (Envoy {_added(parts['latency'], ENVOY):.2f})"
        goals.append((f"adds at most {ADDED} ms to the p99 at half load", told, added <= ADDED))
    if "admission" in parts:
        goals += _admission(parts["admission"])
    if "memory" in parts:
        most = parts["memory"]["most"]
        words = f"holds less than {MEGABYTES} MB through a million requests, 10 000 keys"
        goals.append((words, f"{most:.0f}", most < MEGABYTES))
    return goals


def _comparison(found: dict[str, Any]) -> list[Goal]:
    rows = found["1"]
    ours = named(rows, OURS)["total"]
    envoy, drf = ours / named(rows, ENVOY)["total"], named(rows, DRF)["total"] / ours
    return [
        (f"a keyed, limited, metered request costs at most {CPU} us", f"{ours:.0f}", ours <= CPU),
        (f"at most {TIMES_ENVOY} times what it costs Envoy", f"{envoy:.2f}", envoy <= TIMES_ENVOY),
        (f"{TIMES_DRF} times less than DRF + key + throttle", f"{drf:.1f}", drf >= TIMES_DRF),
    ]


def _admission(found: dict[str, Any]) -> list[Goal]:
    over = sum(row["over"] for row in found["exact"])
    lost = found["outage"]
    share, slow = max(lost["share"], lost["away"]["share"]), lost["p99.9"]
    return [
        ("four gateways together admit not one too many", f"{over}", over == 0),
        ("Valkey killed: 105 % of the limit at most", f"{share:.1%}", share <= SHARE),
        ("Valkey killed: no answer fails", f"{lost['failed']}", lost["failed"] == 0),
        (f"Valkey killed: p99.9 of {SLOW} ms at most", f"{slow:.1f}", slow <= SLOW),
    ]


def _added(found: dict[str, Any], begin: str) -> float:
    """Return the milliseconds that somebody adds to the p99."""
    times = (told for name, told in found["ms"].items() if name.startswith(begin))
    return float(next(times)["added p99"])


def goals(found: dict[str, Any]) -> str:
    """Return all goals as a table."""
    rows = [[words, told, "yes" if kept else "**no**"] for words, told, kept in judged(found)]
    return table(["goal", "measured", "kept"], rows)
