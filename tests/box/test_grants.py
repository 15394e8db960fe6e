"""Two roles serve: one reads and writes rows, one reads some columns. Neither owns anything."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import ProgrammingError, connection

from gateway.store import GRANTS


@pytest.fixture
def gateway(db: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A session of the gateway's role in the test database."""
    parts = urlsplit(os.environ["DATABASE_GATEWAY_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    with psycopg.connect(url, autocommit=True) as session:
        yield session


def test_the_gateway_reads_the_columns_it_needs(
    gateway: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    for table, columns in GRANTS.items():
        listed = ", ".join(columns)
        gateway.execute(f"SELECT {listed} FROM {table} LIMIT 1")  # noqa: S608 - names of our own


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM keys_key",
        "SELECT password FROM accounts_user",
        "SELECT 1 FROM commerce_order",
        "UPDATE keys_key SET revoked_at = NULL",
        "DELETE FROM keys_key",
        "CREATE TABLE mine (id int)",
        "SELECT idempotency_forget(now(), 1)",
        "SELECT * FROM commerce_due_payments(now(), 1)",
        "SELECT usage_drop_partitions(current_date)",
    ],
)
def test_the_gateway_may_do_nothing_else(
    gateway: "psycopg.Connection[tuple[object, ...]]", statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        gateway.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE keys_key DISABLE ROW LEVEL SECURITY",
        "DROP TABLE keys_key",
        "ALTER ROLE trellis_app BYPASSRLS",
        "SET ROLE trellis_owner",
        "UPDATE events_event SET actor = 'nobody'",
        "DELETE FROM events_event",
    ],
)
def test_the_application_owns_nothing(db: None, statement: str) -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError) as refused:
        cursor.execute(statement)
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_a_function_with_its_owners_rights_is_one_roles(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, grantee::regrole::text FROM pg_proc, "
            "aclexplode(coalesce(proacl, acldefault('f', proowner))) "
            "WHERE prosecdef AND pronamespace = 'public'::regnamespace AND grantee <> proowner"
        )
        may = sorted(cursor.fetchall())
    gateways = {"idempotency_claim", "idempotency_settle", "idempotency_release"}
    assert {name for name, role in may if role == "trellis_gateway"} == gateways
    assert {role for name, role in may if name not in gateways} == {"trellis_app"}
    assert len({name for name, _ in may}) == len(may)


def test_what_is_made_later_is_the_applications_and_not_the_gateways(db: None) -> None:
    parts = urlsplit(os.environ["DATABASE_OWNER_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    with psycopg.connect(url) as owner:
        owner.execute("CREATE TABLE made_later (id bigserial)")
        for role, may in (("trellis_app", True), ("trellis_gateway", False)):
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
                asked = owner.execute(
                    "SELECT has_table_privilege(%s, 'made_later', %s)", [role, right]
                )
                assert asked.fetchone() == (may,), (role, right)
            asked = owner.execute(
                "SELECT has_sequence_privilege(%s, 'made_later_id_seq', 'USAGE')", [role]
            )
            assert asked.fetchone() == (may,), role
        owner.rollback()
