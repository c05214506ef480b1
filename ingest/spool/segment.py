"""One file of the spool: appended to with fsync, read from the front, then removed.

Whoever works on a file holds its `flock`, from before the first record to its end. The
kernel drops the lock with the process, so a file that can be locked is an orphan.
"""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from broker.message import Message
from ingest.spool import records

SUFFIX = ".spool"
#: What a file is called until it is locked and has its header.
NEW_SUFFIX = ".new"
SET_ASIDE_SUFFIX = ".set-aside"

_OPEN = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


class Segment:
    """A locked file of the spool. What is left in it is counted in `left`.

    Only one thread may append, and one read.
    """

    def __init__(self, path: Path, descriptor: int, *, size: int, salt: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._salt = salt
        #: Bytes that are on the disk for sure.
        self.size = size
        self._read_to = records.HEADER_BYTES
        #: Events in it that are not confirmed yet.
        self.left = 0
        #: When the oldest of them was received, or a little before.
        self.oldest: int | None = None
        #: Why the file must be kept when the rest is drained, or None.
        self.flaw: str | None = None
        #: Whether it only waits to be removed or set aside.
        self.is_drained = False

    @classmethod
    def create(cls, path: Path) -> "Segment":
        """Return a new, empty file that is ours; raise OSError."""
        new = path.with_suffix(NEW_SUFFIX)
        descriptor = os.open(new, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            header = records.new_header()
            _write(descriptor, header, 0)
            new.rename(path)
            _sync_folder(path.parent)
        except OSError:
            os.close(descriptor)
            for left in (new, path):
                with contextlib.suppress(OSError):
                    left.unlink()
            raise
        salt = records.salt_of(header)
        return cls(path, descriptor, size=len(header), salt=salt)

    @classmethod
    def adopt(cls, path: Path) -> "Segment | None":
        """Return an orphan, or None if it has an owner; raise OSError, NotASpoolFile.

        All of it is read once, to know what is in it.
        """
        descriptor = os.open(path, _OPEN)
        try:
            if not _is_locked(descriptor, path):
                os.close(descriptor)
                return None
            size = os.fstat(descriptor).st_size
            salt = records.salt_of(os.pread(descriptor, records.HEADER_BYTES, 0))
            adopted = cls(path, descriptor, size=size, salt=salt)
        except BaseException:
            os.close(descriptor)
            raise
        adopted._count()
        return adopted

    def write(self, payloads: Sequence[bytes]) -> int:
        """Write all payloads and have the disk confirm them, or none; raise OSError.

        Return how many bytes they took. They are not there until `commit`.
        """
        data = b"".join(records.framed(it, self._salt) for it in payloads)
        try:
            _write(self._descriptor, data, self.size)
            os.fdatasync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        return len(data)

    def commit(self, number: int, size: int, oldest: int) -> None:
        """Count what was written, so that it is read."""
        self.size += size
        self.left += number
        self.oldest = oldest if self.oldest is None else self.oldest

    @property
    def is_read(self) -> bool:
        """Whether all that is in it was handed out."""
        return self._read_to >= self.size

    @property
    def is_empty(self) -> bool:
        """Whether there was never anything in it."""
        return self.size <= records.HEADER_BYTES

    def read(self) -> tuple[Message, ...]:
        """Return what was committed since the last call; nothing if it is unreadable.

        A file of which anything cannot be read gets a flaw.
        """
        start, self._read_to = self._read_to, self.size
        try:
            stretch = _read(self._descriptor, start, self._read_to)
        except OSError as exc:
            self.flaw = f"unreadable: {exc.strerror}"
            return ()
        found = records.scan(stretch, self._salt)
        if not found.is_whole:
            self.flaw = self.flaw or "torn or damaged"
        return found.messages

    def settle(self, number: int, oldest: int) -> None:
        """Note that the oldest `number` events are confirmed."""
        self.left -= number
        self.oldest = oldest if self.left else None

    def dispose(self) -> Path | None:
        """Delete the file, or give it a name that nobody drains if it has a flaw.

        Return its new name, if any; raise OSError if the disk refuses.
        """
        kept = None
        if self.flaw is None:
            self.path.unlink()
        else:
            kept = self.path.rename(self.path.with_suffix(SET_ASIDE_SUFFIX))
        self.close()
        return kept

    def close(self) -> None:
        """Let go of the file as it is."""
        os.close(self._descriptor)

    def _count(self) -> None:
        messages = self.read()
        self._read_to = records.HEADER_BYTES
        self.left = len(messages)
        self.oldest = messages[0].received_at if messages else None


def _is_locked(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # Between open and lock another receiver may have drained it.
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _write(descriptor: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written


def _read(descriptor: int, start: int, end: int) -> bytes:
    parts = []
    while start < end and (part := os.pread(descriptor, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
