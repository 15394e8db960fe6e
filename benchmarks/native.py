"""A whole read of one order: the reference API behind the gateway, and plain DRF with a key.

Same PostgreSQL, same Valkey, one worker each. The backend is the bottleneck and the gateway mostly
sleeps: it is woken for every step of a request, and the same code takes several times the CPU
after a sleep. What that costs by itself is shown by a Python application and an nginx that only
pass bytes on, before the same backend.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from apps.core import caller
from benchmarks.comparison import told
from benchmarks.measure import round_of
from benchmarks.plans import WIDE
from benchmarks.rivals import nginx
from benchmarks.rivals.stands import THREADS, Stand
from benchmarks.servers import Bench, create_database, free_port

CONNECTIONS = 16
AUDIENCE = "commerce"
Header = Callable[[], str]  # asked before each round: a caller's signature lives 30 s


def prepare(bench: Bench) -> list[tuple[Stand, Header]]:
    """Start every server and return what to measure."""
    made = bench.facts("benchmarks.trellis", json.dumps({"plans": {"native": WIDE}}))["native"]
    path = f"/commerce/v1/orders/{made['order']}"
    stores = {"valkey": bench.valkey, "postgres": bench.postgres}
    web_port, web = bench.start("web", "wsgi", "config.wsgi:application", *THREADS)
    where = f"http://127.0.0.1:{web_port}"
    port, gateway = bench.gateway("gateway-native", TRELLIS_WEB_UPSTREAM=where)
    passing = bench.start(
        "passing", "asgi", "benchmarks.passing:app", "--loop", "uvloop", TRELLIS_WEB_UPSTREAM=where
    )
    plain = free_port()
    argv = nginx.passing(bench.folder, port=plain, behind=web_port)
    passers = {
        "Python that only passes bytes on to it": passing,
        "nginx that only passes bytes on to it": bench.serve("passing-nginx", argv, plain),
    }
    signed, behind = _signature(bench, path, made["caller"]), {"backend": web} | stores
    ours = Stand("Trellis, with its reference API", f"http://127.0.0.1:{port}{path}", {})
    ours.trees = {"own": gateway} | behind
    key = f"Authorization: Bearer {made['key']}"
    return [
        (ours, lambda: key),
        _rival(bench, made["order"], stores),
        *(
            (Stand(name, f"http://127.0.0.1:{at}{path}", {"own": process} | behind), signed)
            for name, (at, process) in passers.items()
        ),
    ]


def _rival(bench: Bench, order: str, stores: dict[str, int]) -> tuple[Stand, Header]:
    """Start plain DRF with a key and a throttle."""
    url = create_database(bench.environment["DATABASE_OWNER_URL"], "rival")
    key, _ = json.loads(bench.run("benchmarks.rivals.drf.prepare", order, RIVAL_DATABASE_URL=url))
    target = "benchmarks.rivals.drf.wsgi:application"
    port, process = bench.start("rival", "wsgi", target, *THREADS, RIVAL_DATABASE_URL=url)
    header = f"Authorization: Api-Key {key}"
    name, at = "plain DRF + key + throttle", f"http://127.0.0.1:{port}/orders/{order}"
    return Stand(name, at, {"backend": process} | stores), lambda: header


def _signature(bench: Bench, path: str, facts: dict[str, Any]) -> Header:
    """Return what tells the backend the caller, where no gateway does."""
    known = caller.Caller(request_id="req_0000000000000000000000", livemode=False, **facts)
    secret = caller.key_for(AUDIENCE, bytes.fromhex(bench.environment["TRELLIS_CALLER_KEY"]))

    def header() -> str:
        token = caller.sign(
            known, audience=AUDIENCE, method="GET", path=path, key=secret, now=time.time()
        )
        return f"{caller.HEADER}: {token}"

    return header


def run(
    bench: Bench, *, rounds: int, seconds: float, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Weigh everybody round by round, and return the medians."""
    before = len(bench.started)
    cases = prepare(bench)
    for number in range(rounds):
        for stand, header in cases:
            say(f"a whole read, round {number + 1}: {stand.name}")
            stand.samples.append(
                round_of(
                    stand.url,
                    stand.trees,
                    header=header(),
                    expected=200,
                    seconds=seconds,
                    connections=CONNECTIONS,
                )
            )
    bench.end(before)
    return [told(stand) for stand, _ in cases]
