"""PostgreSQL goes away for real: its database takes no connections, and those there are end."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection

from config import env


@contextmanager
def postgresql_away() -> Iterator[None]:
    """Shut the test database's door, and cut every connection that the application has."""
    name = connection.settings_dict["NAME"]
    try:
        _allow(name, "false")
        _cut(name)
        yield
    finally:
        _allow(name, "true")
        connection.close()


def cut() -> None:
    """End the application's connections; PostgreSQL itself stays."""
    _cut(connection.settings_dict["NAME"])


def _allow(name: str, answer: str) -> None:
    with _owner() as owner:
        owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {answer}')


def _cut(name: str) -> None:
    asked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with _at("DATABASE_URL") as application:
        application.execute(f"{asked} AND usename = current_user", [name])


def _owner() -> psycopg.Connection:
    return _at("DATABASE_OWNER_URL")


def _at(url: str) -> psycopg.Connection:
    """Connect to the server's own database, whose door stays open."""
    parts = urlsplit(env.text(url))
    return psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True)
