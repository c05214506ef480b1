"""Read what is in a spool folder, without a lock, for whoever counts events."""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from broker.message import Message
from ingest.spool import records
from ingest.spool.errors import NotASpoolFile
from ingest.spool.segment import SET_ASIDE_SUFFIX, SUFFIX


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds."""

    messages: tuple[Message, ...]
    #: How many of its bytes nobody can read.
    unreadable: int


def messages(folder: Path, *, set_aside: bool = False) -> Iterator[Message]:
    """Yield what the files hold, oldest file first; what cannot be read is left out.

    Some of it may be in the queue already: a file goes when all in it is confirmed.
    With `set_aside`, read the files that were set aside instead. Raise OSError.
    """
    for path in files(folder, set_aside=set_aside):
        try:
            yield from content(path).messages
        except FileNotFoundError:
            continue


def files(folder: Path, *, set_aside: bool = False) -> list[Path]:
    """Return the files that are drained, or were set aside; oldest first."""
    suffix = SET_ASIDE_SUFFIX if set_aside else SUFFIX
    return sorted(it for it in folder.glob(f"*{suffix}") if it.is_file())


def content(path: Path) -> Content:
    """Return what a file holds; raise OSError."""
    held = path.read_bytes()
    try:
        salt = records.salt_of(held)
    except NotASpoolFile:
        return Content((), unreadable=len(held))
    found = tuple(records.pieces(held[records.HEADER_BYTES :], salt))
    return Content(
        tuple(it.message for it in found if it.message is not None),
        sum(it.end - it.start for it in found if it.is_damaged),
    )


def is_orphan(path: Path) -> bool:
    """Return whether no receiver that runs has the file; raise OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
