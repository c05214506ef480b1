"""Tell since when the oldest event that waits has waited, without taking any."""

import threading
from datetime import datetime


class Oldest:
    """Remembers when nothing waited; safe to share among threads.

    The queue is worked in its order, so what waits came after what was worked.
    """

    def __init__(self) -> None:
        #: When it was last seen that nothing waited.
        self._empty_at: datetime | None = None
        self._lock = threading.Lock()

    def since(
        self, waiting: int, newest: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the earliest that the oldest can have come; None if nobody knows.

        `newest` is when the newest that was worked had been received. It is None, too,
        if nothing waits.
        """
        with self._lock:
            if not waiting:
                self._empty_at = now
                return None
            bounds = [it for it in (newest, self._empty_at) if it is not None]
        return max(bounds, default=None)
