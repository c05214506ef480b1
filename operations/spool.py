"""Count what waits in the spool of this machine, and tell how old it is."""

import threading
from dataclasses import dataclass
from pathlib import Path

from ingest.spool import survey
from operations.deadline import Deadline
from schemas.errors import TookTooLong


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be sent; some of it may be sent already."""

    files: int
    #: None if it could not be counted in the time given.
    events: int | None
    #: Microseconds since 1970, UTC; None if nothing waits, or that is not known.
    oldest: int | None


@dataclass(frozen=True, slots=True)
class _Counted:
    #: Of the file when it was read.
    size: int
    changed: int
    events: int
    oldest: int | None


class SpoolCount:
    """Looks into the folder again and again, and reads only what has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[Path, _Counted] = {}

    def look(self, seconds: float) -> Waiting | None:
        """Return what waits; None if there is no such folder here that we may read."""
        with self._lock:
            try:
                # To look for files by a pattern tells nothing of a folder closed to us.
                next(self._folder.iterdir(), None)
                return self._look(Deadline.after(seconds))
            except OSError:
                return None

    def _look(self, deadline: Deadline) -> Waiting:
        paths = survey.files(self._folder)
        self._read = {path: it for path, it in self._read.items() if path in paths}
        try:
            counted = [self._count(path, deadline) for path in paths]
        except TookTooLong:
            # What was read by now need not be read the next time.
            return Waiting(len(paths), None, None)
        oldest = [it.oldest for it in counted if it.oldest is not None]
        events = sum(it.events for it in counted)
        return Waiting(len(paths), events, min(oldest, default=None))

    def _count(self, path: Path, deadline: Deadline) -> _Counted:
        deadline.check()
        try:
            now = path.stat()
            known = self._read.get(path)
            if known and (known.size, known.changed) == (now.st_size, now.st_mtime_ns):
                return known
            found = survey.content(path).messages
        except FileNotFoundError:
            return _Counted(0, 0, 0, None)
        oldest = min((it.received_at for it in found), default=None)
        counted = _Counted(now.st_size, now.st_mtime_ns, len(found), oldest)
        self._read[path] = counted
        return counted
