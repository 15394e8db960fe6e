"""``python -m benchmarks.identity``: one table, next to stock django-oauth-toolkit."""

import base64
import json
import time
from statistics import quantiles
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks import measure
from benchmarks.servers import Bench, create_database, servers

THREADS = ("--blocking-threads", "8")
OURS, STOCK = 100, 10  # token requests
PARTS = ("here", "valkey", "postgres")


def tokens(bench: Bench, client: str, secret: str, web: tuple[int, int], count: int) -> float:
    """Return the CPU milliseconds of one token request, of everything that works for it."""
    port, process = web
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    asked = Request(
        f"http://127.0.0.1:{port}/oauth/token",
        data=urlencode({"grant_type": "client_credentials", "scope": "orders:read"}).encode(),
        headers={"Authorization": f"Basic {basic}"},
    )
    trees = (process, bench.postgres, bench.valkey)
    with urlopen(asked) as answer:  # noqa: S310 - as above
        assert answer.status == 200  # noqa: S101, PLR2004 - or there is nothing to measure
    before = sum(map(measure.cpu, trees))
    for _ in range(count):
        with urlopen(asked) as answer:  # noqa: S310 - as above
            answer.read()
    return (sum(map(measure.cpu, trees)) - before) / count * 1e3


def checks(bench: Bench, facts: str, stock: dict[str, float]) -> list[str]:
    """Weigh the checks of credentials."""
    said = bench.run("benchmarks.identity.check", facts, str(bench.postgres), str(bench.valkey))
    found = json.loads(said) | {"stock": {"here": stock["here"], "postgres": stock["postgres"]}}
    names = {
        "hot key": "API key, hot",
        "hot token": "access token, hot",
        "hot JWT": "JWT access token, hot",
        "warm key": "API key, warm",
        "warm token": "access token, warm",
        "warm JWT": "JWT access token, warm",
        "cold": "access token, cold",
        "cold JWT": "JWT access token, cold",
        "proof": "DPoP proof (ES256), beside the token",
        "stock": "stock OAuth2Authentication, always",
    }
    head = "".join(f"{part:>10}" for part in ("gateway", "valkey", "postgres", "total"))
    lines = [f"{'CPU us of one check':38}{head}"]
    for name, words in names.items():
        cost = found[name]
        cells = [f"{cost[part]:10.0f}" if part in cost else " " * 10 for part in PARTS]
        lines.append(f"{words:38}{''.join(cells)}{sum(cost.values()):10.0f}")
    return lines


def issuing(bench: Bench, facts: dict[str, str], stock: dict[str, str], url: str) -> list[str]:
    """Weigh token requests."""
    web = bench.start("web", "wsgi", "config.wsgi:application", *THREADS)
    ours = tokens(bench, facts["client"], facts["secret"], web, OURS)
    rival = bench.start(
        "stock", "wsgi", "benchmarks.stock.wsgi:application", *THREADS, STOCK_DATABASE_URL=url
    )
    theirs = tokens(bench, stock["client"], stock["secret"], rival, STOCK)
    return [
        "CPU ms of one client_credentials token request, everything together",
        f"{'here (goal: at most 15)':38}{ours:10.1f}",
        f"{'stock django-oauth-toolkit':38}{theirs:10.1f}",
    ]


def revocation(bench: Bench, facts: str) -> list[str]:
    """Stop the time until a revoked token is refused."""
    port, _ = bench.start("empty", "asgi", "benchmarks.empty:app", "--loop", "uvloop")
    said = bench.run("benchmarks.identity.stopwatch", facts, f"http://127.0.0.1:{port}")
    head = "".join(f"{name:>10}" for name in ("p50", "p99", "p99.9", "samples"))
    lines = [f"{'seconds until refused, 4 gateways':38}{head}"]
    goals = ("goal: p99.9 <= 1", "goal: p99.9 <= 5")
    for (name, took), goal in zip(json.loads(said).items(), goals, strict=True):
        cut = quantiles(took, n=1000, method="inclusive")
        cells = "".join(f"{cut[at]:10.3f}" for at in (499, 989, 998))
        lines.append(f"{name:38}{cells}{len(took):10}   {goal}")
    return lines


def main() -> None:
    """Measure, and print one table."""
    with servers() as bench:
        url = create_database(bench.environment["DATABASE_OWNER_URL"], "stock")
        path = bench.folder / "facts.json"
        path.write_text(bench.run("benchmarks.identity.prepare"))
        facts = json.loads(path.read_text())
        stock = json.loads(
            bench.run("benchmarks.stock.check", str(bench.postgres), STOCK_DATABASE_URL=url)
        )
        time.sleep(1)
        show(checks(bench, str(path), stock))
        show(issuing(bench, facts, stock, url))
        show(revocation(bench, str(path)))


def show(lines: list[str]) -> None:
    """Print a part of the table as soon as it is there."""
    print("\n".join(lines), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
