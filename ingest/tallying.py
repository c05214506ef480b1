"""Tally what is made durable, for as long as the disk takes it."""

import contextlib
import queue
import threading
from collections.abc import Callable

import structlog

from broker.message import Message
from ingest.tally import Tally

_log = structlog.stdlib.get_logger("ingest.tally")

#: The most threads that a disk which hangs can hold.
MAX_HELD = 64
#: Who waits for one of them for so long knows that it hangs; the host waits for 10 s.
PATIENCE_SECONDS = 3.0

_HINT = "forgewire audit goes by gaps in the numbers of this start. If its file is "
_HINT += "there, delete it once the receiver was started anew."


class Tallied:
    """Makes durable, and tallies that before the sender is told."""

    def __init__(
        self,
        make_durable: Callable[[Message], str],
        tally: Tally,
        *,
        max_held: int = MAX_HELD,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._make_durable = make_durable
        self._tally = tally
        self._seconds = patience_seconds
        self._is_over = False
        self._ending = threading.Lock()
        # A semaphore that costs a tenth of Python's own.
        self._permits: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(max_held):
            self._permits.put(None)

    def make_durable(self, message: Message) -> str:
        """Return where `message` is safe now, and raise what that raises."""
        start, _, number = message.receipt.partition(".")
        if not self._tally.has_begun:
            self._attempt(start, self._tally.begin, start)
        where = self._make_durable(message)
        self._attempt(start, self._tally.mark, int(number), message.received_at)
        return where

    def _attempt(self, start: str, act: Callable[..., None], *args: object) -> None:
        if self._is_over:
            return
        try:
            self._permits.get(timeout=self._seconds)
        except queue.Empty:
            self._end(start, "the disk does not answer")
            return
        try:
            act(*args)
        except OSError as exc:
            self._end(start, exc.strerror)
        finally:
            # Also when it was held until now, and may have made the file only now.
            if self._is_over:
                self._remove(start)
            self._permits.put(None)

    def _end(self, start: str, why: str | None) -> None:
        with self._ending:
            if not self._is_over:
                self._is_over = True
                _log.warning("tally-given-up", start=start, why=why, hint=_HINT)

    def _remove(self, start: str) -> None:
        with contextlib.suppress(OSError):
            self._tally.remove(start)
