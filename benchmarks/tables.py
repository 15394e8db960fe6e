"""The measured figures as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

PARTS = {"own": "itself", "door": "who it asks", "valkey": "Valkey", "postgres": "PostgreSQL"}
OURS, ENVOY, DRF = "Trellis", "Envoy", "DRF"
THEIRS = "plain DRF"  # in the whole read
Row = dict[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown; the first column is words, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Return a figure as one reads it: 7.9, 104, 12 300."""
    if isinstance(value, float) and value < 10:  # noqa: PLR2004 - below, a digit more is worth reading
        return f"{value:.1f}"
    return f"{round(value):,}".replace(",", " ")


def named(rows: Sequence[Row], begin: str) -> Row:
    """Return the row whose name begins so."""
    return next(row for row in rows if row["name"].startswith(begin))


def comparison(rows: Sequence[Row]) -> str:
    """Return who costs what, part by part; figures are medians, then the extremes."""
    head = ["CPU us per request", *PARTS.values(), "total", "lowest, highest", "requests/s"]
    return table(
        head,
        [
            [
                _strong(row["name"]),
                *(number(row["cpu"][part]) if part in row["cpu"] else "" for part in PARTS),
                _strong(number(row["total"]), row["name"]),
                ", ".join(number(one) for one in row["spread"]),
                number(row["rate"]),
            ]
            for row in rows
        ],
    )


def brief(one: Sequence[Row], two: Sequence[Row]) -> str:
    """Return who costs what in total, with one worker and with two."""
    head = ["CPU us per request, all together", "1 worker", "req/s", "2 workers", "req/s"]
    pairs = zip(one, two, strict=True)
    return table(
        head,
        [
            [
                _strong(row["name"]),
                number(row["total"]),
                number(row["rate"]),
                number(other["total"]),
                number(other["rate"]),
            ]
            for row, other in pairs
        ],
    )


def decision(found: dict[str, Any]) -> str:
    """Return what deciding costs by itself."""
    flying = list(next(iter(found.values())))
    head = ["CPU us of one decision", *(f"{many} in flight" for many in flying)]
    names = {"as it runs": "with leases, as it runs", "each asked": "each one asked of Valkey"}
    rows = [
        [f"{words}: {part}", *(number(found[name][many][key]) for many in flying)]
        for name, words in names.items()
        for key, part in (("here", "the gateway"), ("valkey", "Valkey"))
    ]
    return table(head, rows)


def latency(found: dict[str, Any]) -> str:
    """Return the times at half load."""
    cuts = ("p50", "p99", "p99.9", "added p99")
    rows = [
        [_strong(name), *(f"{told[cut]:.2f}" for cut in cuts)] for name, told in found["ms"].items()
    ]
    return table([f"ms at {number(found['rate'])} requests/s", *cuts], rows)


def admission(found: dict[str, Any]) -> str:
    """Return what four gateways admitted together."""
    cuts = ("sent", "admitted", "bound", "over", "failed", "cut")
    rows = [[row["name"], *(number(row[cut]) for cut in cuts)] for row in found["exact"]]
    shown = ("sent", "admitted", "at most", "too many", "failed", "links cut")
    lost = found["outage"]
    said = [
        ["admitted, of what the rate allows", f"{lost['share']:.1%}"],
        ["the same while Valkey was away", f"{lost['away']['share']:.1%}"],
        ["answers that were neither 200 nor 429", str(lost["failed"])],
        ["p99.9 of all, while it was away", f"{lost['p99.9']} ms, {lost['p99.9 away']} ms"],
    ]
    exact = table(["requests to four gateways", *shown], rows)
    return f"{exact}\n\n{table(['Valkey killed for three seconds of nine', ''], said)}"


def native(rows: Sequence[Row]) -> str:
    """Return what a whole read costs."""
    parts = {"own": "in front", "backend": "backend", "valkey": "Valkey", "postgres": "PostgreSQL"}
    head = ["CPU us per read of one order", *parts.values(), "total", "requests/s"]
    return table(
        head,
        [
            [
                _strong(row["name"]),
                *(number(row["cpu"][part]) if part in row["cpu"] else "" for part in parts),
                number(row["total"]),
                number(row["rate"]),
            ]
            for row in rows
        ],
    )


def memory(found: dict[str, Any]) -> str:
    """Return how much memory was held on the way."""
    head = ["requests so far", *(number(step["requests"]) for step in found["steps"])]
    return table(head, [["MB held", *(number(step["mb"]) for step in found["steps"])]])


def machine(found: dict[str, Any]) -> str:
    """Return what it was measured on."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(found["versions"].items()))
    return (
        f"{found['cores']} cores ({found['processor']}), {found['system']}, "
        f"Python {found['python']}; {versions}."
    )


def _strong(text: str, name: str = "") -> str:
    return f"**{text}**" if (name or text).startswith(OURS) else text
