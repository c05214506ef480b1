"""Let one stack at a time use a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.local.process import CannotRun, Pause, wait_until


@contextmanager
def held(file: Path, *, pause: Pause, seconds: float = 20) -> Iterator[int]:
    """Hold the lock; yield its descriptor, for children that are to hold it, too.

    So the servers of a stack that was killed keep the next one away from their data
    until they have ended; it waits that long. Raise CannotRun when the lock is not
    to be had.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, file.parent, pause, seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, pause: Pause, seconds: float) -> None:
    if _is_ours(descriptor):
        return
    holder = os.pread(descriptor, 20, 0).decode()
    if holder.isdigit() and Path("/proc", holder).exists():
        raise CannotRun(f"another stack runs in {folder}, as process {holder}")
    if not wait_until(lambda: _is_ours(descriptor), seconds=seconds, pause=pause):
        raise CannotRun(f"servers of an earlier stack still run in {folder}")


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
