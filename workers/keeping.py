"""Keep bodies for a while, beside the work: a thread writes them, and nobody waits.

What became of a delivery is in the ledger and the state, whether its body is kept or
not. So bodies are written after all else, and are dropped rather than waited for.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import structlog

from broker.message import Message
from schemas.errors import ForgewireError, Unavailable
from state.ledger import Row
from state.packing import Body
from workers.cleaning import without_secrets

_log = structlog.stdlib.get_logger("worker")

#: Larger bodies are not kept, in bytes.
MAX_BODY_BYTES = 256 * 1024
#: How much may wait to be written, in bytes; what comes then is not kept.
MAX_WAITING_BYTES = 32 << 20
#: For how long bodies are gathered, in seconds.
GATHER_SECONDS = 0.25
#: How long the last of them may take at the end, in seconds.
CLOSE_SECONDS = 3.0


#: What a worker calls with rows and messages, once the ledger has the rows.
Keep: TypeAlias = Callable[[Sequence[Row], Sequence[Message]], None]


@contextmanager
def keeping(
    write: Callable[[Sequence[Body]], None], *, hours: int
) -> Iterator[Keep | None]:
    """Give the block what keeps bodies; None if they are kept for no hour."""
    if not hours:
        yield None
        return
    keeper = Keeper(write)
    keeper.start()
    try:
        yield keeper.keep
    finally:
        keeper.close(CLOSE_SECONDS)


class Keeper:
    """Writes bodies in a thread of its own; `keep` returns at once."""

    def __init__(
        self,
        write: Callable[[Sequence[Body]], None],
        *,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        """`write` may raise Unavailable: then it is called again with the same."""
        self._write = write
        self._most = max_waiting_bytes
        self._waiting: list[Body] = []
        self._bytes = 0
        self._dropped = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        # A server that is away keeps no process alive.
        self._thread = threading.Thread(target=self._run, name="bodies", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def keep(self, rows: Sequence[Row], messages: Sequence[Message]) -> None:
        """Have the bodies of these rows written, if there is room for them."""
        by_receipt = {it.receipt: it for it in messages}
        found = [_body(row, by_receipt[row.receipt]) for row in rows]
        small = [one for one in found if len(one.body) <= MAX_BODY_BYTES]
        size = sum(len(one.body) for one in small)
        with self._lock:
            if self._bytes + size > self._most:
                self._dropped += len(small)
                return
            self._waiting += small
            self._bytes += size

    def close(self, seconds: float) -> None:
        """Write what waits, if that is done in so many seconds."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.wait(GATHER_SECONDS):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, []
            dropped, self._dropped = self._dropped, 0
        if dropped:
            _log.warning("bodies-dropped", bodies=dropped, hint=_HINT)
        if taken:
            self._write_these(taken)

    def _write_these(self, taken: list[Body]) -> None:
        try:
            self._write(without_secrets(taken))
        except Unavailable:
            with self._lock:
                self._waiting = taken + self._waiting
        except ForgewireError as exc:
            _log.warning("bodies-dropped", bodies=len(taken), error=str(exc))
            self._forget(taken)
        else:
            self._forget(taken)

    def _forget(self, bodies: Sequence[Body]) -> None:
        with self._lock:
            self._bytes -= sum(len(one.body) for one in bodies)


def _body(row: Row, message: Message) -> Body:
    return Body(
        row.key, row.source, message.received_at, row.processed_at, message.body
    )


_HINT = "They came faster than MongoDB took them. The deliveries are accounted for."
