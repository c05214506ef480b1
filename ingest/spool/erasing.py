"""Erase events, and what nobody can read, in a file that was set aside.

A file is written anew and renamed, so whoever is killed meanwhile leaves the old one or
the new one, and nothing of other events is lost.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from broker.message import Message
from ingest.spool import records
from ingest.spool.errors import FileInUse, NotASpoolFile
from ingest.spool.segment import NEW_SUFFIX

_Doomed = Callable[[Message], bool]


def erase(path: Path, is_doomed: _Doomed, *, unreadable: bool) -> None:
    """Erase the events that `is_doomed`; with `unreadable`, what nobody can read too.

    Remove the file if nothing is left to be read. Raise OSError; or FileInUse, if
    somebody else works on it.
    """
    with _locked(path) as descriptor:
        # Of one who was killed here; it may hold what is to be erased.
        new = path.with_suffix(NEW_SUFFIX)
        new.unlink(missing_ok=True)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            before = file.read()
        after = _rewritten(before, is_doomed, unreadable=unreadable)
        if not after:
            path.unlink()
        elif after != before:
            _write(new, after, like=os.fstat(descriptor))
            new.rename(path)
        _sync(path.parent)


def _rewritten(held: bytes, is_doomed: _Doomed, *, unreadable: bool) -> bytes:
    """Return what is to stand in the file, nothing if that says nothing."""
    try:
        salt = records.salt_of(held)
    except NotASpoolFile:
        return b"" if unreadable else held
    header, stretch = held[: records.HEADER_BYTES], held[records.HEADER_BYTES :]
    kept, says_anything = [header], False
    for piece in records.pieces(stretch, salt):
        part = stretch[piece.start : piece.end]
        if piece.is_damaged and unreadable:
            continue
        if piece.message is not None and is_doomed(piece.message):
            part = records.erased(part, salt)
        else:
            says_anything = says_anything or not piece.is_erased
        kept.append(part)
    return b"".join(kept) if says_anything else b""


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        _lock(descriptor, path)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    in_use = FileInUse(f"{path} is in use: run this again in a moment")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise in_use from exc
    # Between open and lock somebody else may have written it anew.
    if not os.path.samestat(os.fstat(descriptor), path.stat()):
        raise in_use


def _write(path: Path, data: bytes, *, like: os.stat_result) -> None:
    """Have the disk confirm a file with `data`, or leave none; raise OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if os.geteuid() == 0:
                # The receiver must be able to read it, should it be tried again.
                os.fchown(descriptor, like.st_uid, like.st_gid)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink()
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
