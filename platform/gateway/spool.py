"""Usage records on their way to Valkey: files that survive a killed process.

``<spool>/<process>/<seq>.open`` takes records by appending; every 500 records or 100 ms it becomes
``<seq>.<count>.ready`` and is shipped. The folder's lock tells whether its process lives: what a
dead one left behind is shipped by another under the same names, so that nothing counts twice.
"""

import fcntl
import logging
import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from apps.usage.record import whole

FULL = 500  # records in a segment
PRIVATE = 0o600
LOUD_EVERY = 10.0  # seconds between two lines about the same trouble
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of whole records that is not written to any more."""

    source: str
    number: int
    count: int
    path: Path
    size: int


class Spool:
    """The records of this process. Writing is one system call, about 3 us."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.limit = limit
        self.source = uuid4().hex
        self.folder = folder / self.source
        self.ready: deque[Segment] = deque()
        self.waiting = 0  # bytes in segments that are not shipped yet
        self.lost = 0  # records that found no room
        self._told = 0  # of those, how many the log has named in the end
        self._loud_at = 0.0
        self._number = self._count = self._size = 0
        self._lock = _claim(folder, self.source)
        self._file = self._open()

    def write(self, record: bytes) -> None:
        """Append one record; without room it is lost, loudly, and the caller is answered."""
        if self.waiting + self._size > self.limit:
            self._lose("it has reached its limit")
            return
        if self._file < 0:
            self._number -= 1
            self._file = self._open()
        try:
            written = os.write(self._file, record)
        except OSError as error:
            self._lose(str(error.strerror))
            return
        if written < len(record):
            os.ftruncate(self._file, self._size)
            self._lose("the disk is full")
            return
        self._count += 1
        self._size += written
        if self._count >= FULL:
            self.rotate()

    def rotate(self) -> None:
        """Close the current segment, if it holds anything, and begin the next."""
        if not self._count:
            return
        full, path = self._file, self.folder / f"{self._number:012}.{self._count}.ready"
        try:
            self._current.rename(path)
        except OSError as error:
            self._complain(str(error.strerror))
            return
        if self._told < self.lost == self._lost_before:
            self._told = self.lost
            log.critical("Usage is recorded again, and %s records were lost.", self.lost)
        self.ready.append(Segment(self.source, self._number, self._count, path, self._size))
        self.waiting += self._size
        self._file = self._open()
        os.close(full)

    def shipped(self, segment: Segment) -> None:
        """Delete a segment that Valkey holds."""
        segment.path.unlink(missing_ok=True)
        self.waiting -= segment.size

    def close(self) -> None:
        """Leave; an empty folder goes too, any other waits for the next process."""
        self.rotate()
        if self._file >= 0:
            os.close(self._file)
        self._current.unlink(missing_ok=True)
        if not self.ready:
            _remove(self.folder)
        os.close(self._lock)

    @property
    def _current(self) -> Path:
        return self.folder / f"{self._number:012}.open"

    def _open(self) -> int:
        self._number += 1
        self._count = self._size = 0
        self._lost_before = self.lost
        try:
            return os.open(self._current, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        except OSError as error:
            self._complain(str(error.strerror))
            return -1

    def _lose(self, why: str) -> None:
        self.lost += 1
        self._complain(why)

    def _complain(self, why: str) -> None:
        if time.monotonic() >= self._loud_at:
            self._loud_at = time.monotonic() + LOUD_EVERY
            log.critical(
                "USAGE IS BEING LOST: the spool %s takes no more, %s. %s records so far.",
                self.folder.parent,
                why,
                self.lost,
            )


@dataclass(frozen=True, slots=True)
class Orphan:
    """What a dead process left behind; locked while it is being shipped."""

    folder: Path
    lock: int

    def segments(self) -> Iterator[Segment]:
        """Return its segments, oldest first; a torn last record is cut off."""
        for path in sorted(self.folder.glob("*.*")):
            data = path.read_bytes()
            count, end = whole(data)
            if end < len(data):
                os.truncate(path, end)
            if count:
                number = int(path.name.partition(".")[0])
                yield Segment(self.folder.name, number, count, path, end)
            else:
                path.unlink()

    def bury(self) -> None:
        """Remove the empty folder."""
        _remove(self.folder)

    def release(self) -> None:
        """Let go: whoever looks next may take it up."""
        os.close(self.lock)


def orphans(folder: Path) -> Iterator[Orphan]:
    """Return the folders of dead processes."""
    for place in sorted(folder.iterdir()):
        if place.name.startswith(".") or not place.is_dir():
            continue
        try:
            lock = os.open(place / "lock", os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        yield Orphan(place, lock)


def _claim(folder: Path, name: str) -> int:
    """Make a locked folder; it appears under its name only once the lock is held."""
    draft = folder / f".{name}"
    draft.mkdir(mode=0o700, parents=True)
    lock = os.open(draft / "lock", os.O_RDWR | os.O_CREAT, PRIVATE)
    fcntl.flock(lock, fcntl.LOCK_EX)
    draft.rename(folder / name)
    return lock


def _remove(folder: Path) -> None:
    (folder / "lock").unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
