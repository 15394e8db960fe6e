"""Bring a database up to date: migrate as its owner, grant to the other roles, prepare data.

``python -m box.migrate`` does it all in one process; the image's role ``migrate`` is the same.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from box.engines import text
from box.errors import BoxError
from gateway.store import GRANTS

APP = "trellis_app"
GATEWAY = "trellis_gateway"
# They act with their owner's rights, across tenants: each narrow, and for one role alone.
FUNCTIONS = (
    "usage_ensure_partition(date)",
    "usage_drop_partitions(date)",
    "idempotency_forget(timestamptz, integer)",
    "idempotency_forget_forwarded(timestamptz, integer)",
    "commerce_due_payments(timestamptz, integer)",
)
GATEWAYS_FUNCTIONS = (
    "idempotency_claim(uuid, text, text, bytea, double precision)",
    "idempotency_settle(bigint, smallint, jsonb, bytea, varchar[])",
    "idempotency_release(bigint)",
)


class Connection(Protocol):
    """A connection of psycopg or of Django, as the owner of the tables."""

    def cursor(self) -> Any: ...


def statements(
    app: str = APP, gateway: str = GATEWAY, columns: Mapping[str, Iterable[str]] = GRANTS
) -> list[str]:
    """Return the SQL that lets the two roles do their work and nothing else."""
    rows, numbers = "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"
    said = [
        f"GRANT USAGE ON SCHEMA public TO {quoted(app)}, {quoted(gateway)}",
        f"GRANT {rows} ON ALL TABLES IN SCHEMA public TO {quoted(app)}",
        f"GRANT {numbers} ON ALL SEQUENCES IN SCHEMA public TO {quoted(app)}",
        # What happened is added to, and never changed.
        f"REVOKE UPDATE, DELETE ON events_event FROM {quoted(app)}",
        *(line for name in FUNCTIONS for line in _reserved(name, app)),
        *(line for name in GATEWAYS_FUNCTIONS for line in _reserved(name, gateway)),
        # What a later migration, or a partition made at run time, adds.
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} ON TABLES TO {quoted(app)}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {numbers} ON SEQUENCES TO {quoted(app)}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted(gateway)}",
    ]
    for table, names in columns.items():
        listed = ", ".join(quoted(name) for name in names)
        said.append(f"GRANT SELECT ({listed}) ON {quoted(table)} TO {quoted(gateway)}")
    return said


def _reserved(function: str, role: str) -> tuple[str, str]:
    """Return the SQL that lets nobody but ``role`` call a function; PostgreSQL lets everybody."""
    return (
        f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {function} TO {quoted(role)}",
    )


def grant(
    connection: Connection,
    *,
    app: str = APP,
    gateway: str = GATEWAY,
    columns: Mapping[str, Iterable[str]] = GRANTS,
) -> None:
    """Run the grants; running them again changes nothing."""
    with connection.cursor() as cursor:
        for statement in statements(app, gateway, columns):
            cursor.execute(statement)


def quoted(name: str) -> str:
    """Quote an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def user(url: str, default: str) -> str:
    """Return the role that a database URL signs in as."""
    return unquote(urlsplit(url).username or default)


def main() -> None:
    """Migrate, grant, prepare."""
    app, owner = text("DATABASE_URL"), text("DATABASE_OWNER_URL")
    if not app:
        raise BoxError(
            "Set DATABASE_URL, and DATABASE_OWNER_URL for the role that owns the tables."
        )
    roles = user(app, APP), user(text("DATABASE_GATEWAY_URL"), GATEWAY)
    # From here on this process is the owner; Django reads its database when it is set up.
    os.environ.pop("DATABASE_URL_FILE", None)
    os.environ["DATABASE_URL"] = owner or app
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

    import django  # noqa: PLC0415 - not before the environment is complete
    from django.core.management import call_command, get_commands  # noqa: PLC0415 - as above
    from django.db import connection, transaction  # noqa: PLC0415 - as above

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():  # A gateway that runs meanwhile never sees its grants missing.
        grant(connection, app=roles[0], gateway=roles[1])
    if "prepare" in get_commands():
        call_command("prepare")


if __name__ == "__main__":
    try:
        main()
    except BoxError as error:
        sys.exit(str(error))
