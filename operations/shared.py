"""Make what is dear once for all who ask for it at the same time."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from operations.queues import Busy
from schemas.errors import Unavailable

T = TypeVar("T")


class Shared(Generic[T]):
    """A result that is given again while it is young; so is that a server is away."""

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
        if self._made is None or time.monotonic() - self._made[0] > self._young:
            return None
        return self._made[1]

    def _anew(self) -> T | Unavailable:
        found: T | Unavailable
        try:
            found = self._make()
        except Unavailable as exc:
            found = exc.with_traceback(None)
        self._made = time.monotonic(), found
        return found
