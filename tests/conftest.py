"""Fixtures every test may use."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core import valkey
from box.migrate import grant
from config import env
from tests.journeys.box import Box
from tests.support import make


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Migrate a database as its owner, then run every test as the role that the web has.

    Row-level security is thus as real in tests as in production. The database goes with its server.
    """
    application = {name: settings.DATABASES["default"][name] for name in ("USER", "PASSWORD")}
    owner = env.database("DATABASE_OWNER_URL")
    with django_db_blocker.unblock():
        connection.settings_dict |= {name: owner[name] for name in ("USER", "PASSWORD")}
        setup_databases(verbosity=0, interactive=False)
        connection.ensure_connection()
        grant(connection.connection)
        with connection.cursor() as cursor:  # Flushing between transactional tests truncates.
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO trellis_app")
        connection.close()
        connection.settings_dict |= application


@pytest.fixture(scope="session", autouse=True)
def _this_machine_only() -> Iterator[None]:
    """Let no test reach another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = "127.0.0.1" if self.family == socket.AF_UNIX else address[0]
        if host != "localhost" and not ip_address(host).is_loopback:
            raise AssertionError(f"A test wanted to reach {host}.")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True)
def _clean_valkey() -> Iterator[None]:
    """Let no test see another's cache, limits or messages."""
    yield
    valkey.client().flushdb()


@pytest.fixture
def developer(db: None) -> User:
    """A developer who belongs to an organization."""
    return make.developer()


@pytest.fixture
def stranger(db: None) -> User:
    """A developer of another organization."""
    return make.developer()


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A running demo with two gateways, an example, and open registration."""
    settings = {"TRELLIS_REGISTRATION": "open", "TRELLIS_EXAMPLES": "true"}
    platform = Box(tmp_path_factory.mktemp("box") / "box", gateways=2, settings=settings)
    try:
        yield platform.up()
    finally:
        platform.down()
