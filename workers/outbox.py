"""Publish what writes left in outboxes, from a thread: no event waits for that."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

import structlog

from broker.call import Call
from broker.confirm import Confirm
from handlers.reacting import Reaction
from schemas.errors import ForgewireError
from state import outbox
from state.documents import Db
from state.outbox import Left
from workers.calling import calls, watched_by

_log = structlog.stdlib.get_logger("worker")

#: How often is looked for what a worker left that died, in seconds.
SWEEP_SECONDS = 2.0
#: How many documents of a collection are looked at each time.
MOST = 500

#: Hands a call to RabbitMQ; it is done when that is confirmed.
Send: TypeAlias = Callable[[Call], Confirm]


class Dispatcher:
    """Publishes what it is told of at once, and what nobody told it of soon.

    A transition that two looks find, `sweep_seconds` apart, was left by a worker that
    died, or could not be sent. If it was not, it is published twice, under one key.
    """

    def __init__(
        self,
        db: Db,
        reactions: Sequence[Reaction],
        send: Send,
        *,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._db = db
        self._reactions = reactions
        self._send = send
        self._sweep_seconds = sweep_seconds
        self._told: set[tuple[str, str]] = set()
        self._seen: set[Key] = set()
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = False
        # A server that is away keeps no process alive.
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether it publishes; if not, there is a bug, and the log has it."""
        return self._thread.is_alive()

    def tell(self, told: Iterable[tuple[str, str]]) -> None:
        """Have these documents, (collection, `_id`) each, looked at; return at once."""
        with self._lock:
            self._told.update(told)
        self._woken.set()

    def close(self, seconds: float) -> None:
        """Publish what it was told of, if that is done in so many seconds."""
        self._stopping = True
        self._woken.set()
        self._thread.join(seconds)

    def publish_told(self) -> None:
        """Publish what is left in the documents that it was told of."""
        with self._lock:
            told, self._told = sorted(self._told), set()
        for name, group in groupby(told, key=lambda it: it[0]):
            ids = [doc_id for _, doc_id in group]
            self._publish(outbox.left(self._db, name, 0, ids))

    def sweep(self) -> None:
        """Publish what stood there at the last look, too."""
        found = [
            it
            for name in watched_by(self._reactions)
            for it in outbox.left(self._db, name, MOST)
        ]
        before, self._seen = self._seen, set(map(_key, found))
        self._publish([it for it in found if _key(it) in before])

    def _run(self) -> None:
        next_sweep = time.monotonic() + self._sweep_seconds
        while not self._stopping:
            self._woken.wait(max(0, next_sweep - time.monotonic()))
            self._woken.clear()
            _attempt(self.publish_told)
            if time.monotonic() >= next_sweep:
                _attempt(self.sweep)
                next_sweep = time.monotonic() + self._sweep_seconds
        _attempt(self.publish_told)

    def _publish(self, found: Iterable[Left]) -> None:
        sent = [(it, list(map(self._send, calls(it, self._reactions)))) for it in found]
        failed = None
        confirmed = []
        for it, confirms in sent:
            errors = [one.error for one in confirms if one.wait() and one.error]
            failed = failed or next(iter(errors), None)
            confirmed += [] if errors else [it]
        if confirmed:
            outbox.remove(self._db, confirmed)
        if failed:
            raise failed


Key: TypeAlias = tuple[str, str, int]


def _key(left: Left) -> Key:
    return left.collection, left.doc_id, left.rev


def _attempt(publish: Callable[[], None]) -> None:
    try:
        publish()
    except ForgewireError as exc:
        # It stands in the documents: a later look finds it.
        _log.warning("reactions-wait", error=str(exc))
