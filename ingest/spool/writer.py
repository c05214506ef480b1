"""Commit in groups: one thread, one fsync for all that wait for it."""

import contextlib
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from ingest.spool.errors import CannotSpool
from ingest.spool.store import Store

#: The most bytes of payload in one group; a larger one is a group of its own.
GROUP_BYTES = 8 << 20
#: While nothing can be written, it is tried again so often; else seldom.
PROBE_SECONDS = 1.0
#: How long a disk may take.
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A payload that waits for the disk, and the future in which its sender does."""

    payload: bytes = field(repr=False)
    received_at: int
    future: Future[None] = field(default_factory=Future)


class Writer:
    """The only thread that writes. It waits for nobody: a group is what has come."""

    def __init__(self, store: Store, *, patience_seconds: float) -> None:
        self._store = store
        self._seconds = patience_seconds
        self._waiting: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._is_stuck = False
        self._is_closed = False
        #: What came after a group was full.
        self._next: Entry | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def close(self, timeout: float) -> bool:
        """Write what waits; return whether that was done in `timeout` seconds."""
        self._is_closed = True
        self._waiting.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def write(self, payload: bytes, received_at: int) -> None:
        """Return when the disk has confirmed; raise CannotSpool otherwise."""
        if self._is_closed:
            raise CannotSpool("the spool is closed")
        if self._is_stuck:
            raise CannotSpool("the spool's disk does not answer")
        entry = Entry(payload, received_at)
        self._waiting.put(entry)
        try:
            entry.future.result(self._seconds)
        except TimeoutError as exc:
            entry.future.cancel()
            self._is_stuck = True
            self._store.give_up()
            raise CannotSpool("the spool's disk does not answer") from exc

    def _run(self) -> None:
        while True:
            try:
                entry = self._take()
            except queue.Empty:
                if self._store.failure is not None:
                    self._store.probe()
                continue
            if entry is None:
                self._refuse_rest()
                return
            self._commit(self._group(entry))
            self._is_stuck = False

    def _refuse_rest(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                entry = self._waiting.get_nowait()
                if entry is not None and entry.future.set_running_or_notify_cancel():
                    entry.future.set_exception(CannotSpool("the spool is closed"))

    def _take(self) -> Entry | None:
        if self._next is not None:
            entry, self._next = self._next, None
            return entry
        return self._waiting.get(timeout=PROBE_SECONDS)

    def _group(self, first: Entry) -> list[Entry]:
        """Return the entries that the spool has room for."""
        group: list[Entry] = []
        size, taken = 0, 0
        entry: Entry | None = first
        while entry is not None:
            size += len(entry.payload)
            if group and size > GROUP_BYTES:
                self._next = entry
                break
            taken += self._admit(entry, taken, group)
            entry = self._arrived()
        return group

    def _arrived(self) -> Entry | None:
        try:
            entry = self._waiting.get_nowait()
        except queue.Empty:
            return None
        if entry is None:
            # The word to stop; what waits before it is written first.
            self._waiting.put(None)
        return entry

    def _admit(self, entry: Entry, taken: int, group: list[Entry]) -> int:
        if not entry.future.set_running_or_notify_cancel():
            return 0
        try:
            needed = self._store.admit(entry.payload, taken)
        except CannotSpool as exc:
            entry.future.set_exception(exc)
            return 0
        group.append(entry)
        return needed

    def _commit(self, group: list[Entry]) -> None:
        if not group:
            return
        oldest = min(it.received_at for it in group)
        try:
            self._store.append([it.payload for it in group], oldest)
        except CannotSpool as exc:
            for it in group:
                it.future.set_exception(CannotSpool(*exc.args))
        else:
            for it in group:
                it.future.set_result(None)
