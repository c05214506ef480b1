"""Keep what a page shows young, in the background: no page waits for a server."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from operations.deadline import Deadline
from schemas.errors import ForgewireError

T = TypeVar("T")
_log = structlog.stdlib.get_logger("api")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """What was found out last; neither value nor problem as long as nothing was."""

    value: T | None = None
    #: Why there is no value.
    problem: ForgewireError | None = None
    #: When that was known.
    at: datetime | None = None


class Fresh(Generic[T]):
    """A value that is made anew, by a thread of its own, when one asks for it again.

    One thread at a time makes it, however many ask. `make` may raise ForgewireErrors,
    and has to end by itself; what else it raises is a bug, and in the log.
    """

    def __init__(self, make: Callable[[], T], *, young_seconds: float) -> None:
        self._make = make
        self._young = young_seconds
        self._changed = threading.Condition()
        self._seen: Seen[T] = Seen()
        self._made = -float("inf")
        self._is_making = False

    def begin(self) -> None:
        """Have it made anew, unless it is young or being made; do not wait."""
        with self._changed:
            is_young = time.monotonic() - self._made < self._young
            if is_young or self._is_making:
                return
            self._is_making = True
        threading.Thread(target=self._make_anew, name="fresh", daemon=True).start()

    def seen(self, until: Deadline) -> Seen[T]:
        """Return what is known once it is made anew, or else at the deadline."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_making, until.left)
            return self._seen

    def _make_anew(self) -> None:
        seen: Seen[T] = Seen()
        try:
            seen = self._attempt()
        finally:
            with self._changed:
                self._seen = seen
                self._made = time.monotonic()
                self._is_making = False
                self._changed.notify_all()

    def _attempt(self) -> Seen[T]:
        try:
            return Seen(self._make(), None, datetime.now(UTC))
        except ForgewireError as exc:
            # Its traceback would keep alive what its frames hold.
            return Seen(None, exc.with_traceback(None), datetime.now(UTC))
        except Exception:  # noqa: BLE001 - it is told, and the next attempt may do better
            _log.exception("unexpected")
            problem = ForgewireError("this is a bug: the log of the API tells more")
            return Seen(None, problem, datetime.now(UTC))
