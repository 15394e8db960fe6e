"""Where the box keeps its files: one private folder, by default ``.trellis`` of the project."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from box.errors import BoxError

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# Linux allows 107 bytes in the address of a unix socket; macOS 103.
SOCKET_PATH_LIMIT = 103
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
ROOM_NEEDED = 200 * 1024 * 1024


@dataclass(frozen=True)
class Home:
    """The folder of one box, and what lies in it."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def state(self) -> Path:
        return self.root / "box.json"

    @property
    def lock(self) -> Path:
        return self.root / "box.lock"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def schedule(self) -> Path:
        return self.root / "beat"

    @property
    def demo(self) -> Path:
        return self.root / "demo.json"

    @property
    def backoffice(self) -> Path:
        return self.root / "backoffice.json"

    @property
    def mark(self) -> str:
        """A short name for this folder, the same whenever it is asked."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def make(self) -> "Home":
        """Create the folder, open to its owner only."""
        try:
            for folder in (self.root, self.spool):
                folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.root.chmod(PRIVATE_FOLDER)
        except OSError as error:
            raise BoxError(f"Cannot use {self.root}: {error.strerror}.") from None
        return self

    def socket_folder(self) -> Path:
        """Return a private folder whose path is short enough for unix sockets."""
        wanted = self.root / "run"
        if len(os.fsencode(wanted)) + len(LONGEST_SOCKET_NAME) > SOCKET_PATH_LIMIT:
            runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
            wanted = Path(runtime) / f"trellis-{os.getuid()}-{self.mark}"
            if len(os.fsencode(wanted)) + len(LONGEST_SOCKET_NAME) > SOCKET_PATH_LIMIT:
                wanted = Path("/tmp") / wanted.name  # noqa: S108 - ownership is checked below
        wanted.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        seen = wanted.lstat()
        # In a shared folder somebody else may have been first, with a folder or with a link.
        if wanted.is_symlink() or seen.st_uid != os.getuid():
            raise BoxError(f"{wanted} belongs to somebody else; remove it.")
        wanted.chmod(PRIVATE_FOLDER)
        return wanted


def find(folder: str | None = None) -> Home:
    """Return the home that ``--dir``, ``TRELLIS_HOME`` or the current project names."""
    if named := folder or os.environ.get("TRELLIS_HOME"):
        return Home(Path(named).expanduser().resolve())
    here = Path.cwd().resolve()
    for place in (here, *here.parents):
        if (place / ".trellis").is_dir() or (place / "manage.py").is_file():
            return Home(place / ".trellis")
    return Home(here / ".trellis")


def check_room(folder: Path) -> None:
    """Refuse a disk so full that PostgreSQL would stop half-way."""
    free = shutil.disk_usage(folder).free
    if free < ROOM_NEEDED:
        raise BoxError(
            f"The disk of {folder} is full: {free >> 20} MB are free and Trellis needs "
            f"{ROOM_NEEDED >> 20} MB. Make room, or choose another folder with --dir."
        )


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise BoxError(f"Cannot write {path}: {error.strerror}.") from None


@dataclass
class Lock:
    """Held by whoever runs the box. The kernel lets go of it when that process dies."""

    home: Home
    _file: int | None = field(default=None, repr=False)

    def take(self) -> bool:
        """Take the lock, and say whether it was free."""
        self.home.make()
        file = os.open(self.home.lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let go; harmless when the lock is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
