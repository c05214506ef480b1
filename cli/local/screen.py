"""Tell whoever sits before the terminal, or reads a log, how things go."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

#: Without a terminal there is no spinner, but a line this often.
REPORT_SECONDS = 5.0


class Stopped(Exception):
    """Raised out of a wait when the user wants everything to stop."""


class Screen:
    """Lines that stay, and under them what is being waited for."""

    def __init__(
        self,
        console: Console,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._should_stop = should_stop
        self._sleep = sleep
        self._clock = clock
        self._on_pause: Callable[[], None] = lambda: None

    def say(self, text: str) -> None:
        """Print a line as it is: addresses stay whole, so that they can be copied."""
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)

    def pause(self, seconds: float) -> None:
        """Wait, and show that we do; raise Stopped when nothing is to go on."""
        if self._should_stop():
            raise Stopped
        self._on_pause()
        self._sleep(seconds)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show during the block what is being waited for, and then how long it took."""
        begun = self._clock()
        with self._console.status(Text(f"waiting for {what}")) as status:
            show = status.update if self._console.is_terminal else self._report()
            self._on_pause = lambda: show(
                f"waiting for {what} ({self._clock() - begun:.0f} s)"
            )
            try:
                yield
            finally:
                self._on_pause = lambda: None
        self.say(f"{what} is ready after {self._clock() - begun:.1f} s")

    def _report(self) -> Callable[[str], None]:
        due = self._clock() + REPORT_SECONDS

        def report(text: str) -> None:
            nonlocal due
            if self._clock() >= due:
                due += REPORT_SECONDS
                self.say(text)

        return report
