"""Remember that the broker does not confirm, so that not every hook waits to see it."""

import structlog

_log = structlog.stdlib.get_logger("ingest")


class Circuit:
    """Open from a confirm that did not come in time to the next one that does."""

    def __init__(self) -> None:
        #: Whether to spare hooks the wait; safe to read and to change in any thread.
        self.is_open = False

    def trip(self) -> None:
        """Note that a confirm was late."""
        if not self.is_open:
            _log.warning("broker-late", then="hooks go to the spool")
        self.is_open = True

    def close(self) -> None:
        """Note that a confirm came."""
        if self.is_open:
            _log.info("broker-in-time", then="hooks go to the broker")
        self.is_open = False
