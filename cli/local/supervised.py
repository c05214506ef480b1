"""Keep a process of ours running: start it again when it ends, later each time."""

import time
from collections.abc import Callable

from cli.local.process import Child

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
#: Whoever ran this long was well: the next delay is the first again.
WELL_AFTER_SECONDS = 60.0
STOP_SECONDS = 20.0


class Supervised:
    """A process, and when to start it again."""

    def __init__(
        self,
        start: Callable[[], Child],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = start
        self._clock = clock
        self._delay = FIRST_DELAY_SECONDS
        self._due: float | None = None
        self._begin()

    def _begin(self) -> None:
        self.child = self._start()
        self._since = self._clock()
        self._due = None

    def check(self) -> str | None:
        """Start the process again if it is time; return what is new to tell."""
        if self._due is None:
            return None if self.child.exit_code is None else self._ended()
        if self._clock() < self._due:
            return None
        self._begin()
        return f"{self.child.name} was started again"

    def _ended(self) -> str:
        # What it left behind may still listen on its port.
        self.child.stop(0)
        if self._clock() - self._since >= WELL_AFTER_SECONDS:
            self._delay = FIRST_DELAY_SECONDS
        delay = self._delay
        self._due = self._clock() + delay
        self._delay = min(2 * delay, LONGEST_DELAY_SECONDS)
        return (
            f"{self.child.name} ended with exit code {self.child.exit_code} "
            f"(log: {self.child.log}), next start in {delay:.0f} s"
        )

    def restart(self) -> None:
        """Stop the process, and start it again at once."""
        self.stop()
        self._delay = FIRST_DELAY_SECONDS
        self._begin()

    def stop(self) -> None:
        """Stop the process for good, unless it has ended and was swept up."""
        if self._due is None:
            self.child.stop(STOP_SECONDS)
