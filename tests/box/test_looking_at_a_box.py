"""A box that runs answers questions and keeps its secrets."""

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

from box.processes import Trace
from box.testing import free_port
from tests.box.conftest import Box


def command_lines() -> str:
    return "".join(
        path.read_text(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )


def test_it_says_where_it_serves_once_everything_is_up(running: Box) -> None:
    assert f"Ready. Portal http://localhost:{running.web_port}" in running.log.read_text()
    assert list(running.state()["processes"]) == ["postgres", "valkey", "web", "gateway", "worker"]
    assert all(trace.alive for trace in running.traces().values())


def test_every_line_names_its_time_and_its_process(running: Box) -> None:
    for line in running.log.read_text().splitlines():
        at, name, _ = line.split(maxsplit=2)
        assert len(at.split(":")) == 3
        assert name in {"trellis", "migrate", "web", "gateway", "worker", "postgres", "valkey"}


def test_a_second_one_in_the_same_folder_is_refused_in_one_line(running: Box) -> None:
    second = running.run("up")
    first = f"process {running.state()['supervisor']['pid']}, http://localhost:{running.web_port}"
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"trellis: Trellis already runs in {running.root} ({first}). Stop it with: trellis down\n"
    )
    assert all(trace.alive for trace in running.traces().values())


def test_a_taken_port_is_one_line_and_names_the_option(running: Box, box: Box) -> None:
    box.web_port = running.web_port
    answer = box.run("up")
    assert answer.returncode == 1
    assert answer.stderr == (
        f"trellis: Port {box.web_port} on 127.0.0.1 cannot be used (Address already in use). Stop "
        "the program that serves it, or choose another port with --web-port.\n"
    )
    box.web_port, box.gateway_port = free_port(), running.gateway_port
    assert "--gateway-port" in box.run("up").stderr


def test_status_lists_processes_and_versions(running: Box) -> None:
    answer = running.run("status")
    assert answer.returncode == 0
    assert "state       ready" in answer.stdout
    assert "PostgreSQL  18." in answer.stdout
    assert "Valkey      9." in answer.stdout
    for name, trace in running.traces().items():
        assert f"{name:<12}process {trace.pid}\n" in answer.stdout


def test_a_box_that_does_not_run_has_a_status_too(box: Box) -> None:
    answer = box.run("status")
    assert (answer.returncode, answer.stdout) == (
        3,
        f"folder      {box.root}\nstate       stopped\n",
    )


def test_no_secret_is_in_the_log_or_in_a_command_line(running: Box) -> None:
    secrets = json.loads((running.root / "secrets.json").read_text())
    assert len(secrets) == 9
    said = running.log.read_text() + "".join(
        path.read_text() for path in running.root.glob("*.log")
    )
    shown = command_lines()
    for value in secrets.values():
        assert value not in said
        assert value not in shown
    assert "trellis_app:…@" in said  # The stand-in did print its URL.


def test_its_files_are_open_to_their_owner_only(running: Box) -> None:
    paths = [running.root, *running.root.rglob("*")]
    for path in paths:
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_psql_speaks_as_the_owner(running: Box) -> None:
    answer = running.run(
        "psql",
        "-Atc",
        "SELECT current_user, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user",
    )
    assert answer.stdout == "trellis_owner|t|f\n"


def test_the_application_owns_nothing_and_sees_policies(running: Box) -> None:
    answer = running.run(
        "psql",
        "-Atc",
        "SELECT rolname, rolbypassrls, rolcreatedb, rolsuper FROM pg_roles "
        "WHERE rolname IN ('trellis_app', 'trellis_gateway') ORDER BY 1",
    )
    assert answer.stdout == "trellis_app|f|f|f\ntrellis_gateway|f|f|f\n"
    owned = running.run(
        "psql", "-Atc", "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    )
    assert owned.stdout == "trellis_owner\n"


def test_postgres_listens_on_no_port(running: Box) -> None:
    answer = running.run("psql", "-Atc", "SHOW listen_addresses; SHOW fsync; SHOW data_checksums")
    assert answer.stdout == "\non\non\n"


def test_valkey_takes_a_command_or_many(running: Box) -> None:
    assert running.run("valkey", "SET", "box:test", "1").stdout == "OK\n"
    many = running.run("valkey", input="GET box:test\nDEL box:test\nGET box:test\nNONSENSE\n")
    assert many.stdout.splitlines()[:3] == ["1", "1", "(nil)"]
    assert many.stdout.splitlines()[3].startswith("(error) unknown command")
    kept = running.run("valkey", "CONFIG", "GET", "append*").stdout
    assert "appendonly" in kept
    assert "everysec" in kept


def test_the_environment_is_ready_for_a_shell(running: Box) -> None:
    exports = running.run("env").stdout
    seen = subprocess.run(  # noqa: S603 - the point is that a shell reads it
        ["/bin/sh", "-c", f'{exports}\nprintf "%s" "$TRELLIS_PORTAL_URL|$DJANGO_SETTINGS_MODULE"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == f"http://localhost:{running.web_port}|config.settings.local"
    assert "export DATABASE_GATEWAY_URL=" in exports


def test_a_program_that_is_killed_is_started_again(running: Box) -> None:
    for name in ("web", "postgres", "valkey"):
        before = running.traces()[name]
        os.kill(before.pid, signal.SIGKILL)
        running.wait_for(f"{name:<9} was killed (SIGKILL); starting again")
        after = wait_for_another(running, name, before)
        assert after.alive
    assert running.run("psql", "-Atc", "SELECT 1").stdout == "1\n"
    assert running.run("valkey", "PING").stdout == "PONG\n"


def wait_for_another(box: Box, name: str, before: Trace) -> Trace:
    deadline = time.monotonic() + 15
    while box.traces()[name] == before:
        assert time.monotonic() < deadline, box.log.read_text()
        time.sleep(0.05)
    return box.traces()[name]
