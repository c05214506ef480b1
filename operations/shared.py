"""Make what is dear once for all who ask for it at the same time."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from operations.queues import Busy
from schemas.errors import Unavailable

T = TypeVar("T")

FAILURE_SECONDS = 1.0


class Shared(Generic[T]):
    """A result that is given again while it is young.

    So is that a server is away, for a second: or each who waited would try it in turn.
    """

    def __init__(
        self, make: Callable[[], T], *, young_seconds: float, patience_seconds: float
    ) -> None:
        self._make = make
        self._young = young_seconds
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._made: tuple[float, T | Unavailable] | None = None

    def get(self) -> T:
        """Return the result; raise Busy if it is being made and takes too long.

        What `make` raises goes to who began; of others, they only get an Unavailable.
        """
        if not self._lock.acquire(timeout=self._patience):
            raise Busy("another request waits for it already")
        try:
            found = self._kept()
            if found is None:
                found = self._anew()
        finally:
            self._lock.release()
        if isinstance(found, Unavailable):
            raise type(found)(*found.args)
        return found

    def _kept(self) -> T | Unavailable | None:
        if self._made is None:
            return None
        made_at, found = self._made
        is_failure = isinstance(found, Unavailable)
        young = min(FAILURE_SECONDS, self._young) if is_failure else self._young
        return found if time.monotonic() - made_at < young else None

    def _anew(self) -> T | Unavailable:
        found: T | Unavailable
        try:
            found = self._make()
        except Unavailable as exc:
            found = exc.with_traceback(None)
        self._made = time.monotonic(), found
        return found
