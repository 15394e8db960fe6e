"""The second wall around tenants' rows: PostgreSQL's row-level security.

QuerySets filter by tenant; should one forget, the policy lets only the acting tenant's rows
through. The application's role owns no table and cannot bypass policies; migrations use another
role.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, migrations
from psycopg.pq import TransactionStatus

from apps.core import clock, ids
from apps.tenants.models import Tenant

POLICY = "tenant_id = NULLIF(current_setting('trellis.tenant', true), '')::uuid"


def wall(table: str) -> migrations.RunSQL:
    """Return the migration step that lets only the acting tenant see its rows of ``table``."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY own_tenant ON {table} USING ({POLICY}) WITH CHECK ({POLICY});",
        f"DROP POLICY own_tenant ON {table};"
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


@contextmanager
def acting_in(tenant: Tenant) -> Iterator[None]:
    """Act in ``tenant``: its rows, its clock. Refused outside a transaction: it could not end.

    ``SET LOCAL`` merely warns outside a transaction and survives the release of a savepoint, so the
    former tenant is put back by hand.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("acting_in(tenant) needs a transaction around it.")
    former = current()
    enter(str(ids.decode(tenant.pk)[1]))
    try:
        with clock.shifted(tenant.clock_offset):
            yield
    finally:
        if not _aborted():  # Rolling back forgets the setting by itself.
            enter(former)


def _aborted() -> bool:
    return connection.connection.info.transaction_status is TransactionStatus.INERROR


def current() -> str:
    """Return the UUID of the acting tenant, or nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('trellis.tenant', true)")
        row = cursor.fetchone()
    return (row and row[0]) or ""


def enter(value: str) -> None:
    """Act in the tenant with this UUID until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('trellis.tenant', %s, true)", [value])
