"""DATABASE_URL and VALKEY_URL put real servers in the place of the embedded ones."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
import redis

from box import engines, testing
from box.errors import BoxError
from box.postgres import Postgres
from tests.box.conftest import Box


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Running]:
    """Servers that somebody else runs, without any of Trellis's roles."""
    home = tmp_path_factory.mktemp("real").resolve()
    testing.start(home)
    servers = testing.running[home]
    with psycopg.connect(servers.postgres.url("admin", "postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE trellis")
        for role in ("trellis_app", "trellis_gateway", "trellis_owner"):
            admin.execute(f"DROP ROLE {role}")
        admin.execute("CREATE ROLE company LOGIN BYPASSRLS CREATEROLE PASSWORD 'secret'")
        admin.execute("CREATE ROLE modest LOGIN BYPASSRLS PASSWORD 'secret'")
        admin.execute("CREATE ROLE plain LOGIN PASSWORD 'secret'")
        for name in ("company", "modest"):
            admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    yield servers
    testing.stop(home)


def url(postgres: Postgres, role: str, database: str) -> str:
    return f"postgresql://{role}:secret@/{database}?host={postgres.socket}"


def fails(box: Box, **environment: str) -> str:
    """Return the one line with which ``up`` refuses."""
    box.environment |= environment
    answer = box.run("up")
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "secret@" not in answer.stderr
    return answer.stderr


def test_an_owner_who_may_not_make_roles_is_told_which_urls_to_set(
    real: testing.Running, box: Box
) -> None:
    """Runs first: after the next test the roles exist."""
    said = fails(
        box,
        DATABASE_OWNER_URL=url(real.postgres, "modest", "modest"),
        DATABASE_URL=url(real.postgres, "plain", "modest"),
    )
    assert said == (
        "trellis: The owner may not create the role trellis_gateway. Create it and set "
        "DATABASE_GATEWAY_URL, with the owner's URL in DATABASE_OWNER_URL.\n"
    )


def test_an_owner_alone_gets_the_other_roles_made(real: testing.Running, box: Box) -> None:
    box.environment["DATABASE_URL"] = url(real.postgres, "company", "company")
    box.environment["VALKEY_URL"] = real.valkey.url()
    box.up()
    assert list(box.traces()) == ["web", "gateway", "worker"]
    assert "PostgreSQL 18." in box.log.read_text()
    assert "embedded" not in box.log.read_text()
    assert box.run("psql", "-Atc", "SELECT current_user").stdout == "company\n"
    exports = box.run("env").stdout
    for role in ("trellis_app", "trellis_gateway"):
        assert f"postgresql://{role}:" in exports
    box.stop()
    box.up()  # The roles exist by now, with passwords that this box knows.


def test_roles_of_another_box_keep_their_passwords(real: testing.Running, box: Box) -> None:
    with psycopg.connect(real.postgres.url("admin", "postgres"), autocommit=True) as admin:
        exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'trellis_app'").fetchone()
        if not exists:
            admin.execute("CREATE ROLE trellis_app LOGIN PASSWORD 'somebody'")
    said = fails(box, DATABASE_URL=url(real.postgres, "company", "company"))
    assert said.startswith("trellis: The role trellis_app exists with a password that DATABASE_URL")


def test_an_owner_under_policies_is_refused(real: testing.Running, box: Box) -> None:
    said = fails(box, DATABASE_URL=url(real.postgres, "plain", "modest"))
    assert "needs the attribute BYPASSRLS" in said


def test_an_application_above_policies_is_refused(real: testing.Running, box: Box) -> None:
    owner = url(real.postgres, "company", "company")
    said = fails(box, DATABASE_OWNER_URL=owner, DATABASE_URL=owner, DATABASE_GATEWAY_URL=owner)
    assert "The role of DATABASE_URL can bypass row-level security" in said


def test_a_server_that_does_not_answer_is_one_line(box: Box) -> None:
    assert "PostgreSQL at DATABASE_URL cannot be used" in fails(
        box, DATABASE_URL="postgresql://somebody:secret@127.0.0.1:1/none"
    )


def test_a_valkey_that_does_not_answer_is_one_line(box: Box) -> None:
    box.environment["VALKEY_URL"] = "redis://:secret@127.0.0.1:1/0"
    assert "Valkey at VALKEY_URL cannot be used" in fails(box)


@pytest.mark.parametrize("number", [150007, 90624])
def test_an_old_postgresql_is_refused(number: int) -> None:
    connection = cast("Any", SimpleNamespace(info=SimpleNamespace(server_version=number)))
    with pytest.raises(BoxError, match=r"too old; Trellis needs 16 or newer"):
        engines._postgres_version(connection)


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        ({"redis_version": "6.2.14"}, "Redis 6.2.14 at VALKEY_URL is too old; Trellis needs 7.0"),
        (
            {"redis_version": "7.2.4", "valkey_version": "7.1.9"},
            "Valkey 7.1.9 at VALKEY_URL is too old; Trellis needs 7.2",
        ),
    ],
)
def test_an_old_valkey_or_redis_is_refused(
    monkeypatch: pytest.MonkeyPatch, seen: dict[str, str], line: str
) -> None:
    monkeypatch.setenv("VALKEY_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(redis.Redis, "info", lambda self, section: seen)
    with pytest.raises(BoxError, match=line):
        engines._real_valkey({})


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://from-a-file\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    monkeypatch.setenv("DATABASE_URL", "postgresql://from-the-environment")
    assert engines.text("DATABASE_URL") == "postgresql://from-a-file"
    file.unlink()
    with pytest.raises(BoxError, match=r"DATABASE_URL_FILE names .*: No such file or directory"):
        engines.text("DATABASE_URL")
