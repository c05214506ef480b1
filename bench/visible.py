"""Note when documents can be seen in MongoDB, by the clock of whoever sends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.database import Database

#: (collection, _id) of a document.
Key = tuple[str, str]
#: The stream ends its waiting for changes, and looks whether to stop, this often.
WAIT_MS = 200

_PIPELINE = [
    {"$match": {"operationType": {"$in": ["insert", "replace", "update"]}}},
    {"$project": {"ns.coll": 1, "documentKey": 1}},
]


class Seen:
    """When each document was seen first, by `time.monotonic`."""

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self._changed = threading.Condition()

    def note(self, key: Key, at: float) -> None:
        """Keep when a document was seen, unless it was seen before."""
        with self._changed:
            self._at.setdefault(key, at)
            self._changed.notify_all()

    def wait(self, key: Key, *, seconds: float) -> float:
        """Return when a document was seen; raise TimeoutError if it is not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: key in self._at, seconds):
                raise TimeoutError(f"not seen within {seconds:.0f} s: {key[0]}")
            return self._at[key]


@contextmanager
def watching(db: Database) -> Iterator[Seen]:
    """Watch all documents of a database that are written until the end of the `with`.

    A change stream waits in the server, so it takes nothing from those whom it watches
    as long as nothing happens, and tells only what a majority has in its journal.
    """
    seen, stop = Seen(), threading.Event()
    with db.watch(_PIPELINE, max_await_time_ms=WAIT_MS) as stream:
        # Opened already: what is written from now on will be told.
        thread = threading.Thread(target=_follow, args=(stream, seen, stop))
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()


def _follow(stream, seen: Seen, stop: threading.Event) -> None:
    while not stop.is_set():
        change = stream.try_next()
        if change is not None:
            key = (change["ns"]["coll"], change["documentKey"]["_id"])
            seen.note(key, time.monotonic())
