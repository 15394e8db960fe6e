"""Everybody who is compared, started before the same service with keys and limits of the same kind.

Each stands ready with a good key, and shows before it is weighed that a bad one is refused, and
that a key under a narrow limit is told 429.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks.measure import Sample
from benchmarks.rivals import envoy, nginx, traefik
from benchmarks.rivals.environment import PROGRAMS, granian
from benchmarks.servers import NGINX, Bench, create_database, free_port

ORDER = "ord_0000000000000000000000"
WIDE, NARROW = "wide-" + "w" * 40, "narrow-" + "n" * 38  # keys of those who know them by heart
BAD = "bad-" + "b" * 41  # to them
UNKNOWN = "trl_test_k" + "a" * 38  # to Trellis, of the right shape
TRIES = 6  # requests, of which a narrow limit lets three pass
THREADS = ("--blocking-threads", "8")  # as ``trellis up`` starts Django
REFUSED = {401, 403}


@dataclass
class Stand:
    """Somebody who answers. ``trees`` are the processes that work for it, by their part."""

    name: str
    url: str
    trees: dict[str, int]
    good: str = ""
    bad: str = ""
    narrow: str = ""
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """What is the same for all: the services behind, Trellis's keys, and how many workers."""

    bench: Bench
    behind: int  # port of the service that everybody stands in front of
    keys: tuple[str, str]  # of Trellis, under wide and narrow limits
    workers: int

    @property
    def core(self) -> int | None:
        """One worker has one core; several share all there are."""
        return 0 if self.workers == 1 else None


def direct(given: Setting) -> Stand:
    """Ask the service itself: what nobody in between costs."""
    assert NGINX is not None  # noqa: S101 - ``ready`` has looked
    port = free_port()
    argv = nginx.upstream(given.bench.folder, port=port)
    _, process = given.bench.serve(f"direct-{port}", argv, port, core=given.core)
    return Stand("the service itself", f"http://127.0.0.1:{port}/orders/{ORDER}", {"own": process})


def trellis(given: Setting) -> Stand:
    """Start the gateway: key, three limits, metering, a signed caller."""
    bench, options = given.bench, ("--workers", str(given.workers))
    port, process = bench.gateway(f"gateway-{given.workers}", *options, core=given.core)
    trees = {"own": process, "valkey": bench.valkey, "postgres": bench.postgres}
    url = f"http://127.0.0.1:{port}/shop/v1/orders/{ORDER}"
    wide, narrow = given.keys
    return Stand("Trellis", url, trees, _bearer(wide), _bearer(UNKNOWN), _bearer(narrow))


def passing(given: Setting) -> Stand:
    """Start a Python application that only passes bytes on: the floor of any in this language."""
    port, process = given.bench.start(
        f"passing-{given.workers}",
        "asgi",
        "benchmarks.passing:app",
        *("--loop", "uvloop", "--workers", str(given.workers)),
        core=given.core,
        TRELLIS_WEB_UPSTREAM=f"http://127.0.0.1:{given.behind}",
    )
    url = f"http://127.0.0.1:{port}/orders/{ORDER}"
    return Stand("Python that only passes bytes on", url, {"own": process})


def asking_nginx(given: Setting) -> Stand:
    """Start nginx with ``auth_request`` and ``limit_req``."""
    port, (door, door_process) = free_port(), _door(given, "nginx")
    argv = nginx.rival(
        given.bench.folder,
        port=port,
        behind=given.behind,
        door=door,
        keys=(WIDE, NARROW),
        workers=given.workers,
    )
    _, process = given.bench.serve(f"nginx-{given.workers}", argv, port, core=given.core)
    return _by_heart("nginx auth_request + limit_req", port, {"own": process, "door": door_process})


def with_envoy(given: Setting) -> Stand:
    """Start Envoy with its own API keys and local rate limit."""
    port = free_port()
    argv = envoy.rival(
        given.bench.folder,
        port=port,
        behind=given.behind,
        keys=(WIDE, NARROW),
        workers=given.workers,
    )
    _, process = given.bench.serve(f"envoy-{given.workers}", argv, port, core=given.core)
    return _by_heart("Envoy api_key_auth + local rate limit", port, {"own": process})


def with_traefik(given: Setting) -> Stand:
    """Start Traefik with forward authentication and its rate limit."""
    port, (door, door_process) = free_port(), _door(given, "traefik")
    argv = traefik.rival(
        given.bench.folder, port=port, behind=given.behind, door=door, narrow=NARROW
    )
    limited = {"GOMAXPROCS": str(given.workers)}
    _, process = given.bench.serve(
        f"traefik-{given.workers}", argv, port, core=given.core, **limited
    )
    trees = {"own": process, "door": door_process}
    return _by_heart("Traefik forward auth + rate limit", port, trees)


def with_fastapi(given: Setting) -> Stand:
    """Start FastAPI with keys in PostgreSQL and slowapi's counts in Valkey."""
    bench, port = given.bench, free_port()
    environment = {
        "PYTHONPATH": str(PROGRAMS.parents[1]),
        "WEB_UPSTREAM": f"http://127.0.0.1:{given.behind}",
        "WEB_VALKEY_URL": _over_socket(bench.environment["VALKEY_URL"]),
        "WEB_DATABASE_URL": create_database(
            bench.environment["DATABASE_OWNER_URL"], f"web{given.workers}"
        ),
    }
    module = "benchmarks.rivals.web"
    bench.execute([str(PROGRAMS / "python"), "-m", module, WIDE, NARROW], **environment)
    argv = granian(f"{module}:app", port, given.workers)
    _, process = bench.serve(f"web-{given.workers}", argv, port, core=given.core, **environment)
    trees = {"own": process, "valkey": bench.valkey, "postgres": bench.postgres}
    return _by_heart("FastAPI + key + slowapi", port, trees)


def with_drf(given: Setting) -> Stand:
    """Start DRF with djangorestframework-api-key and DRF's throttle."""
    bench = given.bench
    environment = {
        "RIVAL_UPSTREAM": f"http://127.0.0.1:{given.behind}",
        "RIVAL_DATABASE_URL": create_database(
            bench.environment["DATABASE_OWNER_URL"], f"drf{given.workers}"
        ),
    }
    wide, narrow = json.loads(bench.run("benchmarks.rivals.drf.prepare", ORDER, **environment))
    environment["RIVAL_NARROW"] = narrow.partition(".")[0]
    target, options = "benchmarks.rivals.drf.wsgi:application", ("--workers", str(given.workers))
    port, process = bench.start(
        f"drf-{given.workers}", "wsgi", target, *THREADS, *options, core=given.core, **environment
    )
    trees = {"own": process, "valkey": bench.valkey, "postgres": bench.postgres}
    url = f"http://127.0.0.1:{port}/passed-on/orders/{ORDER}"
    bad = f"{wide.partition('.')[0]}.{'x' * 32}"
    good, unknown, few = (f"Authorization: Api-Key {key}" for key in (wide, bad, narrow))
    name = "DRF + djangorestframework-api-key + throttle"
    return Stand(name, url, trees, good, unknown, few)


ALL: tuple[Callable[[Setting], Stand], ...] = (
    direct,
    passing,
    with_envoy,
    asking_nginx,
    trellis,
    with_traefik,
    with_fastapi,
    with_drf,
)


def ready() -> None:
    """Make sure that every program is there."""
    wanted = {"nginx": NGINX, "the rivals' environment (make bench)": PROGRAMS.exists()}
    if missing := [name for name, found in wanted.items() if not found]:
        raise SystemExit(f"A comparison needs {' and '.join(missing)}.")


def prove(stand: Stand, logs: Callable[[], str]) -> None:
    """Make sure that a stand checks keys and counts limits."""
    found = {"good": _status(stand, stand.good)}
    if stand.bad:
        found["bad"] = _status(stand, stand.bad)
        told = [_status(stand, stand.narrow) for _ in range(TRIES)]
        found |= {"narrow": told[0], "too much": told[-1]}
    fine = found["good"] == 200 and (  # noqa: PLR2004 - HTTP's own
        not stand.bad
        or (found["bad"] in REFUSED and (found["narrow"], found["too much"]) == (200, 429))
    )
    if not fine:
        raise SystemExit(f"{stand.name} does not do what it is compared for: {found}.\n{logs()}")


def _status(stand: Stand, header: str) -> int:
    name, _, value = header.partition(": ")
    request = Request(stand.url, headers={name: value} if name else {})  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except HTTPError as error:
        return error.code


def _door(given: Setting, whose: str) -> tuple[int, int]:
    port = free_port()
    argv = granian("benchmarks.rivals.door:app", port, given.workers)
    keys = {"DOOR_KEYS": f"{WIDE},{NARROW}", "PYTHONPATH": str(PROGRAMS.parents[1])}
    name = f"door-of-{whose}-{given.workers}"
    return given.bench.serve(name, argv, port, core=given.core, **keys)


def _by_heart(name: str, port: int, trees: dict[str, int]) -> Stand:
    """Return a stand that was told its keys."""
    url = f"http://127.0.0.1:{port}/orders/{ORDER}"
    return Stand(name, url, trees, _bearer(WIDE), _bearer(BAD), _bearer(NARROW))


def _bearer(key: str) -> str:
    return f"Authorization: Bearer {key}"


def _over_socket(url: str) -> str:
    """Return Valkey's URL as slowapi's storage spells it."""
    return url.replace("unix://", "redis+unix://")
