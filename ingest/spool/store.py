"""What one receiver has in the spool: its own files, and those it has adopted.

Files, not SQLite, after a trial of both. With one writer, WAL and EXCLUSIVE locking,
SQLite took as long for a commit of one event and twice as long for sixteen, and its
file kept its length when all was drained. Nobody else can read an exclusive database, a
shared one is in reach of the WAL-reset bug of SQLite before 3.51.3, and a damaged page
may cost all events where here it costs one.

Events are removed file by file: a file goes when all in it is confirmed. So a receiver
that is killed while it drains sends again what it had sent of one file, at most
SEGMENT_BYTES and one event. The worker knows them by their receipts.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from broker.message import Message
from ingest.spool import records
from ingest.spool.errors import CannotSpool
from ingest.spool.folder import Folder
from ingest.spool.segment import Segment

_log = structlog.stdlib.get_logger("ingest.spool")

#: A file takes no more events when it has so many bytes.
SEGMENT_BYTES = 4 << 20
#: What is wrong with a spool that was not started.
NOT_TRIED = "not tried yet"
#: The most files that are held open, orphans included.
MAX_FILES = 2048


@dataclass(frozen=True, slots=True)
class Level:
    """How full the spool is."""

    events: int
    #: Of all receivers that share the folder, since they share the disk.
    bytes: int
    #: When the oldest event was received, in microseconds since 1970; None if empty.
    oldest: int | None


class Store:
    """Safe to share between one thread that appends and one that drains."""

    def __init__(
        self, folder: Folder, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        self._segments: list[Segment] = []
        self._active: Segment | None = None
        self._is_writing = False
        self._others_bytes = 0
        #: Bytes of the last record that there was no room for, 0 if there was.
        self._wanted = 0
        #: Why nothing can be written now, or None.
        self.failure: str | None = NOT_TRIED

    @property
    def is_full(self) -> bool:
        return self.level().bytes + self._wanted >= self._max_bytes

    def level(self) -> Level:
        """Return how full it is now."""
        with self._lock:
            ages = [it.oldest for it in self._segments if it.oldest is not None]
            return Level(
                events=sum(it.left for it in self._segments),
                bytes=self._others_bytes + sum(it.size for it in self._segments),
                oldest=min(ages, default=None),
            )

    def admit(self, payload: bytes, room_taken: int) -> int:
        """Return the bytes that `payload` needs; raise CannotSpool if it has no room.

        `room_taken` is what those need that were admitted and not yet appended.
        """
        needed = records.record_bytes(payload)
        if self.level().bytes + room_taken + needed > self._max_bytes:
            self._wanted = needed
            raise CannotSpool("the spool is full (FORGEWIRE_SPOOL_MAX_BYTES)")
        self._wanted = 0
        return needed

    def append(self, payloads: Sequence[bytes], oldest: int) -> None:
        """Keep all payloads on the disk, or raise CannotSpool and keep none."""
        try:
            segment = self._writable()
            # Not under the lock: the disk may take its time, and metrics must not.
            size = segment.write(payloads)
        except OSError as exc:
            self._abandon()
            self._note(exc.strerror)
            raise CannotSpool(f"the spool's disk: {exc.strerror}") from exc
        with self._lock:
            segment.commit(len(payloads), size, oldest)
            self._is_writing = False
        self._note(None)

    def give_up(self) -> None:
        """Note that the disk does not answer."""
        self._note("the disk does not answer")

    def probe(self) -> None:
        """See whether the disk takes anything; `failure` says so afterwards."""
        try:
            self._folder.probe()
        except OSError as exc:
            self._note(exc.strerror)
        else:
            self._note(None)

    def adopt(self) -> None:
        """Take over the files of receivers that are no more, and measure the others."""
        with self._lock:
            self._tidy()
            ours = {it.path for it in self._segments}
        for orphan in self._folder.orphans(ours, MAX_FILES - len(ours)):
            _log.info("spool-file-adopted", file=orphan.path.name, events=orphan.left)
            with self._lock:
                self._segments = sorted([*self._segments, orphan], key=_name)
        with self._lock:
            ours = {it.path for it in self._segments}
            self._others_bytes = self._folder.others_size(ours)

    def oldest(self) -> Segment | None:
        """Return the file to drain next, None if there is nothing."""
        with self._lock:
            return next((it for it in self._segments if not it.is_drained), None)

    def settle(self, segment: Segment, done: Sequence[Message]) -> None:
        """Note that the oldest events of a file are confirmed."""
        with self._lock:
            segment.settle(len(done), done[-1].received_at)

    def finish(self, segment: Segment) -> bool:
        """Remove a file that is drained, or set it aside if it has a flaw.

        Return False if it has to stay, since more was or is being appended.
        """
        with self._lock:
            if segment is self._active and (self._is_writing or not segment.is_read):
                return False
            if segment is self._active:
                self._active = None
            segment.is_drained = True
            self._tidy()
        return True

    def close(self) -> None:
        """Let go of all files; what is in them is there at the next start."""
        with self._lock:
            for segment in self._segments:
                segment.close()
            self._segments, self._active = [], None
            self.failure = "closed"

    def _writable(self) -> Segment:
        with self._lock:
            active = self._active
            if active is not None and active.size < self._segment_bytes:
                self._is_writing = True
                return active
        active = self._folder.new()
        with self._lock:
            self._is_writing = True
            self._active = active
            self._segments.append(active)
        return active

    def _abandon(self) -> None:
        # After a failed fsync nobody knows what a file has, so nothing more goes there.
        with self._lock:
            active, self._active = self._active, None
            self._is_writing = False
            if active is not None and active.is_empty:
                active.is_drained = True
                self._tidy()

    def _tidy(self) -> None:
        for segment in [it for it in self._segments if it.is_drained]:
            try:
                kept = segment.dispose()
            except OSError:
                # A disk that refuses this refuses to be written to, and says so there.
                continue
            self._segments.remove(segment)
            if kept is not None:
                _log.error("spool-file-set-aside", file=kept.name, why=segment.flaw)

    def _note(self, failure: str | None) -> None:
        before, self.failure = self.failure, failure
        if failure is None and before not in {None, NOT_TRIED}:
            _log.info("spool-writable")
        elif failure not in {None, before}:
            _log.error("spool-unwritable", why=failure, folder=str(self._folder.path))


def _name(segment: Segment) -> str:
    return segment.path.name
