"""A database of the gateways' own, the service behind them, and gateways in real processes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from apps.applications.models import Application
from apps.catalog import services as catalog
from apps.core import valkey
from apps.keys.services import Issued
from apps.plans import services as plans
from box.migrate import grant
from tests.gateway import tokens
from tests.gateway.policed import api, policed, service  # noqa: F401 - fixtures
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn, document
from tests.gateway.tokens import Token
from tests.support import make

World = Callable[[], AbstractContextManager[None]]
DATABASE = f"gateway_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
WIDE = [{"name": "burst", "kind": "rate", "scope": "application", "limit": 100_000, "window": 1}]


def _into(url: str) -> str:
    """Return ``url`` with the database of these tests."""
    head, _, options = url.partition("?")
    return f"{head.rpartition('/')[0]}/{DATABASE}?{options}"


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment of a gateway; made with it: a migrated database with its grants."""
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_GATEWAY_URL")
    given = {name: _into(os.environ[name]) for name in names}
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
        owner.execute(f'CREATE DATABASE "{DATABASE}"')
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={
            **os.environ,
            "DATABASE_URL": given["DATABASE_OWNER_URL"],
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
        },
        check=True,
        timeout=100,
    )
    with psycopg.connect(given["DATABASE_OWNER_URL"], autocommit=True) as owner:
        grant(owner)
    return given | {
        "TRELLIS_PORTAL_URL": "http://portal.test",
        "TRELLIS_API_URL": "http://api.test",
        "TRELLIS_BRAND_NAME": "Acme",
        "TRELLIS_REVISIONS": "apps.commerce.revisions,tests.gateway.revised",
    }


@pytest.fixture(scope="session")
def world(environment: dict[str, str], django_db_blocker: DjangoDbBlocker) -> World:
    """A block in which the ORM and the services act on the gateways' database, and commit."""

    @contextmanager
    def enter() -> Iterator[None]:
        with django_db_blocker.unblock():
            name = connection.settings_dict["NAME"]
            connection.close()
            connection.settings_dict["NAME"] = DATABASE
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict["NAME"] = name

    return enter


@pytest.fixture(scope="session")
def upstream() -> Iterator[StandIn]:
    """The service behind the gateway."""
    made = StandIn()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def published(world: World) -> None:
    """A catalog with the stand-in's operations."""
    with world():
        catalog.publish("shop", major=1, name="Shop", document=document())


@pytest.fixture(scope="session")
def start(
    environment: dict[str, str],
    upstream: StandIn,
    published: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Gateway]:
    """Start a gateway, which whoever asked closes."""

    def one(*, ready: bool = True, spool: Path | None = None, **changes: str) -> Gateway:
        folder = spool or tmp_path_factory.mktemp("gateway")
        made = Gateway({**environment, "TRELLIS_WEB_UPSTREAM": upstream.url}, folder, **changes)
        return made.start(ready=ready)

    return one


@pytest.fixture
def launch(start: Callable[..., Gateway]) -> Iterator[Callable[..., Gateway]]:
    """Start another gateway, which ends with the test."""
    with ExitStack() as running:

        def one(**options: Any) -> Gateway:
            made = start(**options)
            running.callback(made.close)
            return made

        yield one


@pytest.fixture(scope="session")
def gateway(start: Callable[..., Gateway]) -> Iterator[Gateway]:
    """A gateway that most tests share."""
    made = start()
    yield made
    made.close()


@pytest.fixture(scope="session")
def twin(start: Callable[..., Gateway]) -> Iterator[Gateway]:
    """A second gateway beside it."""
    made = start()
    yield made
    made.close()


@pytest.fixture
def issue(world: World) -> Callable[..., Issued]:
    """Issue a key for a new application under ``limits``, or for the one given."""

    def make_one(
        application: Application | None = None,
        *,
        limits: list[dict[str, Any]] | None = None,
        scopes: tuple[str, ...] = ("shop:read",),
        **fields: Any,
    ) -> Issued:
        with world():
            owner = application or make.application()
            if application is None:
                wanted = WIDE if limits is None else limits
                slug = f"plan-{next(make.number)}"
                version = plans.publish(slug, name=slug, limits=wanted)
                plans.subscribe(owner, version=version, actor=None)
            return make.key(owner, scopes=scopes, **fields)

    return make_one


@pytest.fixture
def key(issue: Callable[..., Issued]) -> Issued:
    """A key that may read the shop."""
    return issue()


@pytest.fixture
def grant_token(world: World) -> Callable[..., Token]:
    """Write down an access token of a new client, under wide limits unless told otherwise."""

    def make_one(
        application: Application | None = None,
        *,
        limits: list[dict[str, Any]] | None = None,
        **fields: Any,
    ) -> Token:
        with world():
            owner = application or make.application(approved=bool(fields.get("live")))
            if application is None:
                slug = f"plan-{next(make.number)}"
                version = plans.publish(slug, name=slug, limits=limits or WIDE)
                plans.subscribe(owner, version=version, actor=None)
            return tokens.token(owner, **fields)

    return make_one


@pytest.fixture
def store() -> redis.Redis:
    """The Valkey that the gateways share."""
    return valkey.client()


def bearer(issued: Issued) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"Authorization": f"Bearer {issued.secret}"}
