"""A box starts and stops whole, whatever happened before."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from box import cli
from box.paths import Home
from tests.box.conftest import Box


def groups_of(box: Box) -> list[int]:
    """Return every process, zombies aside, in a group that this box started."""
    leaders = {trace.pid for trace in box.traces().values()}
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text().split(" ", 1)
        except OSError:
            continue
        state, _, group = rest.rpartition(")")[2].split()[:3]
        if int(group) in leaders and state != "Z":
            found.append(int(pid))
    return found


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _state(pid) not in {"", "Z"}]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_ten_seconds(box: Box, number: signal.Signals) -> None:
    if number == signal.SIGTERM:  # once is enough: it takes the whole patience
        box.environment["STUBBORN"] = "1"
    box.up()
    pids = groups_of(box)
    assert len(pids) >= 6  # both servers, three programs and a child of the worker
    assert box.process is not None
    began = time.monotonic()
    box.process.send_signal(number)
    assert box.process.wait(10) == 0
    assert time.monotonic() - began < 10
    assert alive(pids) == []
    assert "Everything has stopped." in box.log.read_text()
    assert not (box.root / "box.json").exists()


def test_down_stops_it_and_a_second_down_says_so(box: Box) -> None:
    box.up()
    pids = groups_of(box)
    assert box.run("down").stdout == "Trellis has stopped.\n"
    assert alive(pids) == []
    assert box.run("down").stdout == "Trellis does not run here.\n"


def test_what_a_killed_box_left_behind_is_gone_after_the_next_start(box: Box) -> None:
    box.environment["STUBBORN"] = "1"
    box.up()
    box.run("psql", "-c", "INSERT INTO note VALUES ('acknowledged')")
    box.run("valkey", "SET", "kept", "yes")
    time.sleep(1.1)  # Valkey promises a second.
    left = groups_of(box)
    assert box.process is not None
    box.process.kill()
    box.process.wait()
    assert alive(left)  # the stubborn worker at least
    del box.environment["STUBBORN"]
    box.up()
    assert alive(left) == []
    assert box.run("psql", "-Atc", "SELECT line FROM note").stdout == "acknowledged\n"
    assert box.run("valkey", "GET", "kept").stdout == "yes\n"


def test_data_of_another_postgresql_is_one_line(box: Box) -> None:
    box.up()
    box.stop()
    data = Path(box.run("env").stdout.partition("?host=")[2].split("/run")[0])
    found = next(folder for folder in (box.root, data) if (folder / "postgres").is_dir())
    (found / "postgres" / "PG_VERSION").write_text("17\n")
    answer = box.run("up")
    assert answer.returncode == 1
    assert answer.stderr == (
        f"trellis: The data in {found}/postgres belongs to PostgreSQL 17 and this Trellis brings "
        "18. Back it up with the older Trellis, restore it with this one.\n"
    )


def test_a_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(3 << 20))
    handlers = {number: signal.getsignal(number) for number in (1, 2, 15)}
    try:
        assert cli.main(["up", "--dir", str(tmp_path / "home")]) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    said = capsys.readouterr()
    assert said.err == (
        f"trellis: The disk of {tmp_path}/home is full: 3 MB are free and Trellis needs 200 MB. "
        "Make room, or choose another folder with --dir.\n"
    )
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_program_that_cannot_start_is_one_line_with_its_reason(box: Box) -> None:
    box.environment["CRASH"] = "web"
    answer = box.run("up")
    assert answer.returncode == 1
    assert answer.stderr == "trellis: web does not start: there is no such module\n"
    assert "web       ended with code 1; starting again in 0.5 s" in answer.stdout


def test_a_long_path_works(tmp_path: Path) -> None:
    folder = tmp_path / ("a-project-with-a-name-that-nobody-would-want-to-type" * 3) / ".trellis"
    folder.parent.mkdir()
    box = Box(folder)
    try:
        box.up()
        assert box.run("psql", "-Atc", "SELECT 1").stdout == "1\n"
        assert box.run("valkey", "PING").stdout == "PONG\n"
    finally:
        box.remove()


@pytest.mark.skipif(os.getuid() != 0, reason="only root's servers keep their data elsewhere")
def test_as_root_a_moved_box_keeps_its_data_and_a_copied_one_shares_none(box: Box) -> None:
    box.up()
    box.run("psql", "-c", "INSERT INTO note VALUES ('mine')")
    box.stop()
    copy = Box(box.root.with_name("copy"))
    moved = Box(box.root.with_name("moved"))
    shutil.copytree(box.root, copy.root)
    try:
        copy.up()
        assert copy.run("psql", "-Atc", "SELECT count(*) FROM note").stdout == "0\n"
        box.root.rename(moved.root)
        moved.up()
        assert moved.run("psql", "-Atc", "SELECT line FROM note").stdout == "mine\n"
    finally:
        copy.remove()
        moved.remove()


@pytest.mark.skipif(os.getuid() != 0, reason="root's servers run as an account of their own")
def test_as_root_no_server_runs_as_root_and_no_folder_is_opened(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    box = Box(private / "home")
    box.up()
    try:
        for name in ("postgres", "valkey"):
            assert Path(f"/proc/{box.traces()[name].pid}").stat().st_uid != 0
        assert private.stat().st_mode & 0o777 == 0o700
        assert Home(box.root).root.stat().st_mode & 0o777 == 0o700
    finally:
        box.remove()


def test_wiping_deletes_the_data_and_keeps_the_secrets(box: Box) -> None:
    box.up()
    box.run("psql", "-c", "INSERT INTO note VALUES ('gone')")
    secrets = (box.root / "secrets.json").read_bytes()
    said = box.run("down", "--wipe").stdout
    assert said == f"Trellis has stopped.\nThe data of {box.root} was deleted.\n"
    box.up()
    assert box.run("psql", "-Atc", "SELECT count(*) FROM note").stdout == "0\n"
    assert (box.root / "secrets.json").read_bytes() == secrets
