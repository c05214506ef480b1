"""Tally, on the receiver's own disk, which of the numbers that it gave are durable.

Each start of a receiver has a file: a line that names the format, then two bytes for
each number, at its place. They hold the day on which the hook was received, 0 as long
as it is not durable. They are written before the hook is answered, and never synced:
what the system has taken outlives the process, though not the machine.

Not a memory map: where the disk has no room, a store ends the process by a signal, and
where it hangs (a snapshot may freeze it) all threads stand still with the one that
stores. `pwrite` fails, or holds up its own thread, and costs less than a microsecond.
"""

import contextlib
import fcntl
import os
import sys
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import structlog

from ingest.spool.survey import is_orphan

_log = structlog.stdlib.get_logger("ingest.tally")

SUFFIX = ".tally"
#: The digit is the version of the format. Its length is a multiple of `WIDTH`.
MAGIC = b"forgewire-tally1"
#: Bytes for each number.
WIDTH = 2
#: Room is taken for so many numbers at once, so that a disk may be full for a while.
CHUNK = 1 << 15

DAY_SECONDS = 86_400
DAY_MICROSECONDS = DAY_SECONDS * 1_000_000
_LAST_DAY = (1 << 8 * WIDTH) - 1
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Tally:
    """The file of one start; safe to share among threads. Its calls raise OSError.

    Its `flock` is held as long as the process lives.
    """

    def __init__(
        self,
        folder: Path,
        *,
        write: Callable[[int, bytes, int], int] = os.pwrite,
        reserve: Callable[[int, int, int], None] = os.posix_fallocate,
    ) -> None:
        self._folder = folder
        self._write = write
        self._reserve = reserve
        self._lock = threading.Lock()
        #: Never closed: a late write must not go to another file of the same number.
        self._descriptor = -1

    @property
    def has_begun(self) -> bool:
        """Whether the file is there."""
        return self._descriptor >= 0

    def begin(self, start: str) -> None:
        """Make the file, unless it is there: before the first number is handed on."""
        with self._lock:
            if not self.has_begun:
                self._descriptor = self._create(self._folder / f"{start}{SUFFIX}")

    def mark(self, number: int, received_at: int) -> None:
        """Note that a number is durable; `received_at` is microseconds since 1970."""
        day = _spelled(received_at // DAY_MICROSECONDS)
        self._write(self._descriptor, day, _at(number))
        if number % CHUNK == CHUNK // 2:
            self._reserve_chunk(self._descriptor, number // CHUNK + 1)

    def remove(self, start: str) -> None:
        """Delete the file: it does not have all, and nobody must believe it."""
        (self._folder / f"{start}{SUFFIX}").unlink(missing_ok=True)

    def _create(self, path: Path) -> int:
        descriptor = os.open(path, _CREATE, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write(descriptor, MAGIC, 0)
        except OSError:
            os.close(descriptor)
            raise
        self._reserve_chunk(descriptor, 0)
        return descriptor

    def _reserve_chunk(self, descriptor: int, chunk: int) -> None:
        # Well before it is needed. If there is no room now, a write may find it then.
        with contextlib.suppress(OSError):
            self._reserve(descriptor, _at(chunk * CHUNK), CHUNK * WIDTH)


def read(folder: Path) -> dict[str, Sequence[int]]:
    """Return what each start tallied in `folder`: the day of each number, 0 if none.

    Days are counted from 1970. What is not there, not ours or closed to us is left out.
    """
    found: dict[str, Sequence[int]] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if content.startswith(MAGIC):
                found[path.stem] = _days(content[len(MAGIC) :].rstrip(b"\0"))
    return found


def sweep(folder: Path, *, days: int) -> None:
    """Delete what nobody has written to for `days`, and whose receiver is no more."""
    before = time.time() - days * DAY_SECONDS
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < before and is_orphan(path):
                path.unlink()
                _log.info("tally-removed", file=path.name)


@lru_cache(maxsize=8)
def _spelled(day: int) -> bytes:
    # A clock may be far off.
    return max(1, min(day, _LAST_DAY)).to_bytes(WIDTH, sys.byteorder)


def _at(number: int) -> int:
    return len(MAGIC) + number * WIDTH


def _days(content: bytes) -> Sequence[int]:
    days = array("H")
    # What was stripped may have been half of the last number.
    days.frombytes(content + bytes(len(content) % WIDTH))
    return days
