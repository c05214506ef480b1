"""Bring the database to the shape that this version needs, as soon as it is there."""

import threading

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from schemas.errors import Unavailable
from state.documents import Db
from state.migrations import migrate

_log = structlog.stdlib.get_logger("api")

#: The first and the longest wait before it is tried again, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0


class Migration:
    """Waits for MongoDB in a thread of its own, while requests are answered."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._done = threading.Event()

    def start(self) -> None:
        """Begin to migrate; a stop of the process does not wait for it."""
        threading.Thread(target=self._migrate, name="migration", daemon=True).start()

    def is_done(self) -> bool:
        """Return whether the database has the shape that this version needs."""
        return self._done.is_set()

    def _migrate(self) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(Unavailable),
            wait=wait_random_exponential(
                multiplier=2 * FIRST_WAIT, min=FIRST_WAIT, max=LONGEST_WAIT
            ),
            before_sleep=_tell,
        )
        version = retrying(migrate, self._db)
        self._done.set()
        _log.info("migrated", version=version)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _log.warning("waiting", attempt=state.attempt_number, error=str(error))
