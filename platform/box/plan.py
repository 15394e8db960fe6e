"""What the box runs: which programs, with which environment, and how it knows they are up."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from box.engines import Engines, text
from box.paths import Home

CHILDREN = {
    "PYTHONUNBUFFERED": "1",
    # Under root the worker is root's too, and nothing is collected where static files are missing.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser,ignore:No directory at",
}
HEAD = 30_000  # milliseconds in which a connection must say what it wants, also the next time
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SOURCES = Path(__file__).resolve().parents[2]
# In a wheel there is no repository: documents travel inside `portal`.
EXAMPLES = next(
    (found for base in ("docs", "portal/docs") if (found := SOURCES / base / "examples").is_dir()),
    SOURCES / "docs/examples",
)


@dataclass(frozen=True)
class Options:
    """What the person at the terminal asked for."""

    host: str = "127.0.0.1"
    web_port: int = 8000
    gateway_port: int = 8080
    gateways: int = 1
    demo: bool = False
    example_port: int = 8090
    examples: bool = False

    @property
    def ports(self) -> dict[int, str]:
        """Every port that is needed, and the option that moves it."""
        gateways = range(self.gateway_port, self.gateway_port + self.gateways)
        example = {self.example_port: "--example-port"} if self.examples else {}
        return {self.web_port: "--web-port"} | example | dict.fromkeys(gateways, "--gateway-port")

    @property
    def example_url(self) -> str:
        """Where the example is found, if it runs."""
        return f"http://localhost:{self.example_port}" if self.examples else ""

    @property
    def reachable(self) -> str:
        """The name under which this machine reaches its own servers."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::", *LOOPBACK} else self.host  # noqa: S104 - nothing is bound here


@dataclass(frozen=True)
class Task:
    """One long-running program."""

    name: str
    argv: list[str]
    environment: dict[str, str] = field(repr=False)
    health: str = ""  # A URL that answers 200 when the program is ready; "" where there is none.


def environment(home: Home, engines: Engines, options: Options) -> dict[str, str]:
    """Return the environment of every process of this box."""
    local = options.host in LOOPBACK
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "TRELLIS_PORTAL_URL": f"http://localhost:{options.web_port}",
        "TRELLIS_API_URL": f"http://localhost:{options.gateway_port}",
        "TRELLIS_WEB_UPSTREAM": f"http://{options.reachable}:{options.web_port}",
        # Both are for a machine that only its owner reaches.
        "TRELLIS_OUTBOX": str(local).lower(),
        "TRELLIS_ADMIN_MFA": str(not local).lower(),
        "TRELLIS_HOME": str(home.root),
        "TRELLIS_EXAMPLE_URL": options.example_url,
    }
    given = {name: value for name in defaults if (value := text(name))}
    ours = defaults | given | engines.environment() | CHILDREN
    # A NAME_FILE has been read by now, and would win over NAME.
    read = {f"{name}_FILE" for name in ours}
    base = {
        name: value
        for name, value in os.environ.items()
        if name not in read and not name.startswith("GRANIAN_")
    }
    return base | ours


def tasks(home: Home, environment: dict[str, str], options: Options) -> list[Task]:
    """Return the programs in the order in which they are started."""
    # Migrations are the owner's: nothing that serves may own a table. The gateway faces strangers
    # and gets no secret that it does not use.
    app = without(environment, "DATABASE_OWNER_URL", "DATABASE_GATEWAY_URL")
    web_only = ("DATABASE_URL", "TRELLIS_BROKER_URL", "TRELLIS_SECRET_KEY", "TRELLIS_VAULT_KEY")
    gateway = without(environment, "DATABASE_OWNER_URL", *web_only)
    celery = [sys.executable, "-m", "celery", "-q", "-A", "config"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    queues = "default,mail,usage"
    threads = min(8, 2 * (os.cpu_count() or 1))
    wsgi = ["--interface", "wsgi", "--blocking-threads", str(threads)]
    found = [
        Task(
            "web",
            [*granian(options.host, options.web_port), *wsgi, "config.wsgi:application"],
            app,
            f"http://{options.reachable}:{options.web_port}/healthz",
        )
    ]
    for number in range(options.gateways):
        port = options.gateway_port + number
        argv = [*granian(options.host, port), "--interface", "asgi", "--loop", "uvloop"]
        found.append(
            Task(
                "gateway" if number == 0 else f"gateway{number + 1}",
                [*argv, "gateway.asgi:app"],
                gateway,
                f"http://{options.reachable}:{port}/healthz",
            )
        )
    found.append(
        Task("worker", [*celery, "worker", "-Q", queues, "-c", "2", "-l", "WARNING", *quiet], app)
    )
    beat = ["beat", "-l", "WARNING", "-s", str(home.schedule), "--pidfile="]
    found.append(Task("beat", [*celery, *beat], app))
    if options.examples:
        found.append(example(home, options))
    return found


def example(home: Home, options: Options) -> Task:
    """Return a merchant's back office: a stranger's program, which is told none of our secrets."""
    port = str(options.example_port)
    app = str(EXAMPLES / "backoffice/app.py")
    argv = [sys.executable, app, "--settings", str(home.backoffice), "--port", port]
    told = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return Task("example", argv, told | CHILDREN, f"http://127.0.0.1:{port}/healthz")


def without(environment: dict[str, str], *names: str) -> dict[str, str]:
    """Return the environment without some of its names."""
    return {name: value for name, value in environment.items() if name not in names}


def granian(host: str, port: int) -> list[str]:
    """Return how a server is started; workers that do not stop are killed after four seconds.

    A head must come, and the next one follow, in time. While granian waits to learn which HTTP is
    spoken nothing ends, so there is one.
    """
    argv = [sys.executable, "-m", "granian", "--host", host, "--port", str(port)]
    argv += ["--http", "1", "--http1-header-read-timeout", str(HEAD)]
    return [*argv, "--workers-kill-timeout", "4", "--log-level", "warning"]


def once(command: str) -> list[str]:
    """Return how a command of Django is run."""
    return [sys.executable, "-m", "django", command]


MIGRATE = [sys.executable, "-m", "box.migrate"]
