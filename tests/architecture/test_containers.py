"""What compose.yaml mounts is made, and what it reads is explained."""

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

DOCKER = settings.ROOT / "docker"
COMPOSE = (DOCKER / "compose.yaml").read_text()
STACK: Any = yaml.safe_load(COMPOSE)
REPORTERS = "TRELLIS_LEAK_REPORTERS_FILE"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder in which ``make-secrets`` ran once."""
    shutil.copy(DOCKER / "make-secrets", tmp_path)
    subprocess.run([str(tmp_path / "make-secrets")], check=True)  # noqa: S603 - our own script
    return tmp_path / "run-secrets"


def test_every_secret_is_made_mounted_and_read(made: Path) -> None:
    files = {name: Path(secret["file"]).name for name, secret in STACK["secrets"].items()}
    assert set(files.values()) == {path.name for path in made.iterdir()}
    mounted = {name for service in STACK["services"].values() for name in service["secrets"]}
    assert mounted == files.keys()
    told = COMPOSE + (DOCKER / "roles.sh").read_text()
    assert {name for name in files if f"/run/secrets/{name}" not in told} == set()


@pytest.mark.parametrize("service", STACK["services"])
def test_a_service_is_given_the_secrets_that_it_reads_and_no_other(service: str) -> None:
    described = STACK["services"][service]
    told = [*(described.get("environment") or {}).values(), *described.get("command", [])]
    if service == "postgres":
        told.append((DOCKER / "roles.sh").read_text())
    read = {name for text in told for name in re.findall(r"/run/secrets/(\w+)", str(text))}
    assert read == set(described["secrets"])


def test_secrets_are_random_unreadable_from_outside_and_made_once(made: Path) -> None:
    first = {path.name: path.read_text() for path in made.iterdir()}
    assert len(set(first.values())) == len(first)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    subprocess.run([str(made.parent / "make-secrets")], check=True)  # noqa: S603 - our own script
    assert {path.name: path.read_text() for path in made.iterdir()} == first
    assert first["postgres_app"] in first["database_url"]


def test_every_variable_is_in_the_reference() -> None:
    reference = (settings.ROOT / "docs/reference/settings.md").read_text()
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE))
    read |= set(re.findall(r"\$\{(\w+):-", (DOCKER / "entrypoint").read_text()))
    read |= {
        name.removesuffix("_FILE")
        for service in STACK["services"].values()
        for name in service.get("environment") or {}
        if not name.startswith("POSTGRES_")  # the PostgreSQL image's own
    }
    read -= {"1"}  # the role, an argument
    assert {"TRELLIS_IMAGE", "WORKER_QUEUES", "TRELLIS_SMTP_HOST"} <= read
    assert {name for name in read if f"`{name}`" not in reference} == set()


@pytest.mark.parametrize("service", ["web", "worker", "gateway"])
def test_the_same_revisions_reach_everybody_who_serves_them(service: str) -> None:
    given = STACK["services"][service]["environment"]
    assert "TRELLIS_REVISIONS" in given
    assert given["TRELLIS_REVISIONS"] is None  # from the shell, if it has them


@pytest.mark.parametrize("service", ["web", "worker"])
def test_what_an_operator_decides_about_leaks_and_registration_arrives(service: str) -> None:
    given = STACK["services"][service]["environment"]
    decided = {
        "TRELLIS_LEAK_GRACE_HOURS",
        "TRELLIS_LEAK_POLICY",
        "TRELLIS_LEAK_REPORTERS",
        "TRELLIS_REGISTRATION",
    }
    leaks = {name for name in given if name.startswith("TRELLIS_LEAK_")}
    assert leaks | ({"TRELLIS_REGISTRATION"} & given.keys()) == decided | {REPORTERS}
    assert all(given[name] is None for name in decided)


@pytest.mark.parametrize("path", ["", "/srv/reporters.json"])
def test_the_file_of_leak_reporters_is_mounted_where_it_is_read(path: str) -> None:
    services = STACK["services"].values()
    reading = [one for one in services if REPORTERS in (one.get("environment") or {})]
    assert len(reading) == 4  # web, worker, beat and migrate read the settings
    for service in reading:
        inside = filled(service["environment"][REPORTERS], path)
        outside, at, mode = filled(service["volumes"][0], path).split(":")
        assert (outside, mode) == (path or "/dev/null", "ro")
        assert inside == (at if path else "")


def filled(text: str, value: str) -> str:
    """Return ``text`` as compose reads it where the variable holds ``value``."""
    text = re.sub(rf"\$\{{{REPORTERS}:-([^}}]*)\}}", value or r"\1", text)
    return re.sub(rf"\$\{{{REPORTERS}:\+([^}}]*)\}}", r"\1" if value else "", text)
