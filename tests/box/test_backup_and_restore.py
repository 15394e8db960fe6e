"""A backup brings a box back on another machine, and refuses to harm."""

import json
import stat
import tarfile
from pathlib import Path

import pytest

from tests.box.conftest import Box


@pytest.fixture(scope="module")
def saved(running: Box, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a running box that holds one row."""
    running.run("psql", "-c", "INSERT INTO note VALUES ('remember me')")
    file = tmp_path_factory.mktemp("backups") / "trellis.tar"
    answer = running.run("backup", str(file))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"{file} holds the database and the secrets (")
    return file


def notes(box: Box) -> str:
    return box.run("psql", "-Atc", "SELECT line FROM note").stdout


def settings(box: Box) -> dict[str, str]:
    known = json.loads((box.root / "secrets.json").read_text())
    return {name: value for name, value in known.items() if name.startswith("TRELLIS_")}


def test_a_backup_is_one_private_file(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with tarfile.open(saved) as tar:
        assert tar.getnames() == ["manifest.json", "secrets.json", "database.dump"]


def test_a_backup_never_overwrites_a_file(running: Box, saved: Path) -> None:
    before = saved.read_bytes()
    answer = running.run("backup", str(saved))
    assert answer.returncode == 1
    assert answer.stderr == f"trellis: {saved} exists already; choose another name.\n"
    assert saved.read_bytes() == before


def test_a_backup_in_a_format_of_tomorrow_is_left_to_a_newer_trellis(
    saved: Path, box: Box, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.tar"
    with tarfile.open(saved) as tar:
        tar.extractall(tmp_path, filter="data")
        names = tar.getnames()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["format"] += 1
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(newer, "w") as tar:
        for name in names:
            tar.add(tmp_path / name, arcname=name)
    answer = box.run("restore", str(newer))
    assert answer.returncode == 1
    said = "was written by a newer Trellis; restore it with that one."
    assert answer.stderr == f"trellis: {newer} {said}\n"
    assert not (box.root / "secrets.json").exists()


def test_restoring_into_an_empty_folder_brings_back_rows_and_secrets(
    running: Box, saved: Path, box: Box
) -> None:
    answer = box.run("restore", str(saved))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "Restored. Start Trellis with: trellis up\n"
    assert settings(box) == settings(running)
    box.up()
    assert notes(box) == "remember me\n"
    owner = box.run("psql", "-Atc", "SELECT tableowner FROM pg_tables WHERE tablename = 'note'")
    assert owner.stdout == "trellis_owner\n"


def test_data_is_replaced_only_by_force(saved: Path, box: Box) -> None:
    box.up()
    box.run("psql", "-c", "INSERT INTO note VALUES ('newer')")
    box.run("valkey", "SET", "stale", "1")
    box.stop()
    before = settings(box)
    refused = box.run("restore", str(saved))
    assert refused.returncode == 1
    assert refused.stderr.startswith("trellis: There is data here already.")
    assert notes(box) == "newer\n"
    assert settings(box) == before
    assert box.run("restore", "--force", str(saved)).returncode == 0
    assert notes(box) == "remember me\n"
    assert settings(box) != before
    assert box.run("valkey", "EXISTS", "stale").stdout == "0\n"


def test_a_running_box_is_never_restored_into(running: Box, saved: Path) -> None:
    answer = running.run("restore", "--force", str(saved))
    assert answer.stderr == "trellis: Trellis runs here. Stop it first with: trellis down\n"


def test_a_damaged_backup_changes_nothing(saved: Path, box: Box, tmp_path: Path) -> None:
    short = tmp_path / "short.tar"
    short.write_bytes(saved.read_bytes()[:2048])
    for file, words in ((short, "is damaged"), (tmp_path / "none.tar", "There is no file")):
        answer = box.run("restore", str(file))
        assert answer.returncode == 1
        assert words in answer.stderr
        assert answer.stderr.count("\n") == 1
    assert not (box.root / "secrets.json").exists()


def test_a_dump_that_breaks_off_leaves_the_old_data(saved: Path, box: Box, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar"
    with tarfile.open(saved) as old, tarfile.open(broken, "w") as new:
        for entry in old:
            entry.size -= 200 if entry.name == "database.dump" else 0
            new.addfile(entry, old.extractfile(entry.name))
    box.up()
    box.run("psql", "-c", "INSERT INTO note VALUES ('still here')")
    box.stop()
    before = settings(box)
    answer = box.run("restore", "--force", str(broken))
    assert answer.returncode == 1
    assert answer.stderr.startswith("trellis: pg_restore failed: ")
    assert notes(box) == "still here\n"
    assert settings(box) == before
