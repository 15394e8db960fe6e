"""What the faults happen to: servers, two services, a catalog, keys and gateways, all real."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg

from apps.core import ids
from box import plan, testing
from box.paths import Home, Lock
from box.postgres import Postgres
from box.valkey import Valkey
from tests.faults.clients import Clients
from tests.faults.ledger import Counted, Ledger
from tests.faults.proxy import FINE, Background, Proxy, socket_of
from tests.gateway.process import Gateway

ROOT = Path(__file__).parents[2]
WIDE = {"name": "burst", "kind": "rate", "scope": "application", "limit": 100_000, "window": 1}
KINDS = ("items", "long", "slow", "late", "endless", "header", "bomb")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LOOKED_INTO = {"fields": {"shop:admin": ["secret"]}}  # so that bodies are held and unpacked
# What is measured is how each request fails, not how soon a service is given a rest.
GENTLE = {"breaker": {"requests": 10_000}}
SHIPPED = 8.0  # seconds within which all usage must have arrived


class Service:
    """A service in a process of its own, and its book."""

    def __init__(self, folder: Path, name: str) -> None:
        self.book = folder / f"{name}.book"
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "tests.faults.service", str(self.book)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Stage:
    """All of it. Gateways reach Valkey, PostgreSQL and the sick service through proxies."""

    def __init__(self) -> None:
        self.home = Home(Path(tempfile.mkdtemp(prefix="trellis-faults-")).resolve())
        self.background = Background()
        self.gateways: list[Gateway] = []
        lock = Lock(self.home)
        lock.take()
        # Valkey keeps its data as it does in the box; that PostgreSQL may forget costs nothing.
        self.servers = testing.Running(
            lock, Postgres(self.home, durable=False), Valkey(self.home, durable=True)
        )
        testing.running[self.home.root] = self.servers
        self.postgres, self.valkey = self.servers.postgres, self.servers.valkey
        self.postgres.start()
        self.valkey.start()
        os.environ |= testing.environment(self.servers)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
        subprocess.run(plan.MIGRATE, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        django.setup()
        self.to_valkey = Proxy(socket_of(self.valkey.url()), self.background)
        self.to_postgres = Proxy(socket_of(self.postgres.url("gateway")), self.background)
        self.well, self.sick = (Service(self.home.root, name) for name in ("well", "sick"))
        self.to_sick = Proxy(self.sick.port, self.background)
        self._publish()

    @property
    def ports(self) -> list[int]:
        return [gateway.port for gateway in self.gateways]

    def _publish(self) -> None:
        """Describe both services."""
        from apps.catalog.models import Api, ApiVersion, Operation, Target, Upstream  # noqa: PLC0415 - needs settings

        for slug, port in (("well", self.well.port), ("sick", self.to_sick.port)):
            upstream = Upstream.objects.create(slug=slug, settings=GENTLE)
            Target.objects.create(upstream=upstream, url=f"http://127.0.0.1:{port}")
            api = Api.objects.create(slug=slug, name=slug, backend=Api.Backend.UPSTREAM)
            version = ApiVersion.objects.create(
                api=api, major=1, document={}, digest="", upstream=upstream
            )
            for kind in KINDS:
                policy = LOOKED_INTO if kind in {"bomb", "endless"} else {}
                for method in METHODS:
                    Operation.objects.create(
                        version=version,
                        name=f"{kind}_{method.lower()}",
                        method=method,
                        path=f"/{kind}/{{id}}",
                        policy={"timeout": 5 if slug == "well" else 1, **policy},
                    )

    def key(self, *limits: dict[str, Any]) -> Any:
        """Issue a key under limits of its own."""
        from apps.plans import services as plans  # noqa: PLC0415 - needs settings
        from tests.support import make  # noqa: PLC0415 - as above

        application = make.application()
        slug = f"plan-{next(make.number)}"
        version = plans.publish(slug, name=slug, limits=list(limits) or [WIDE])
        plans.subscribe(application, version=version, actor=None)
        return make.key(application)

    def gateway(self, spool: Path | None = None, **changes: str) -> Gateway:
        """Start a gateway whose ways lead through the proxies."""
        folder = spool or Path(tempfile.mkdtemp(dir=self.home.root))
        environment = {
            "VALKEY_URL": self.to_valkey.way(self.valkey.url()),
            "DATABASE_GATEWAY_URL": self.to_postgres.way(self.postgres.url("gateway")),
        }
        made = Gateway(environment | changes, folder).start()
        self.gateways.append(made)
        return made

    def end_gateways(self) -> None:
        """End them as an operator does."""
        while self.gateways:
            gateway = self.gateways.pop()
            gateway.end()
            gateway.close()

    def close_books(self, clients: Clients) -> Ledger:
        """Take in all usage as the worker does, and read what services and PostgreSQL know."""
        clients.close()
        ledger = clients.ledger
        deadline = time.monotonic() + SHIPPED
        while True:
            ledger.counted = self._counted(ledger)
            if not ledger.lost() or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        ledger.seen.clear()
        for service in (self.well, self.sick):
            ledger.read(service.book)
            service.book.write_text("")
        return ledger

    def _counted(self, ledger: Ledger) -> list[Counted]:
        from django.db import connection  # noqa: PLC0415 - needs settings

        from apps.usage import ingest  # noqa: PLC0415 - as above

        connection.close()  # PostgreSQL may have been away.
        while ingest.once(wait=None):
            pass
        like = f"%/{ledger.name}-%"
        with psycopg.connect(self.postgres.url("owner")) as owner:
            rows = owner.execute(
                "SELECT path, id, status FROM usage_request WHERE path LIKE %s", [like]
            ).fetchall()
        return [
            Counted(path.rpartition("/")[2], ids.encode("req", key), status)
            for path, key, status in rows
        ]

    def stop(self) -> None:
        """End everything, and leave nothing."""
        for gateway in self.gateways:
            gateway.close()
        for proxy in (self.to_valkey, self.to_postgres, self.to_sick):
            proxy.fault = FINE
            proxy.stop()
        self.background.stop()
        self.well.stop()
        self.sick.stop()
        testing.stop(self.home.root)
        shutil.rmtree(self.home.root, ignore_errors=True)


@contextmanager
def stage() -> Iterator[Stage]:
    """Set everything up, and leave nothing behind."""
    made = Stage()
    try:
        yield made
    finally:
        made.stop()
