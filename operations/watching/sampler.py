"""Take a sample again and again in a thread of its own, and keep the last one."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from operations.watching.pace import Pace
from schemas.errors import ForgewireError

T = TypeVar("T")

_log = structlog.stdlib.get_logger("operations.watching")


@dataclass(frozen=True, slots=True)
class Sample(Generic[T]):
    """What was found, and when."""

    value: T
    at: datetime


class Sampler(Generic[T]):
    """Calls `take` at a pace; `last` and `is_up` can be read at any time, at once."""

    def __init__(
        self,
        name: str,
        take: Callable[[], T],
        pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        #: The last sample that was taken.
        self.last: Sample[T] | None = None
        #: Whether the last attempt was a success; None before the first.
        self.is_up: bool | None = None
        self._take = take
        self._pace = pace
        self._now = now
        self._failures = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"watching {name}", daemon=True
        )

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def end(self) -> None:
        """Take no more; return at once."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait at most so long for what is being taken."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def wait(self, seconds: float) -> bool:
        """Wait, within a sample; return at once, and True, if no more is wanted."""
        return self._stopping.wait(seconds)

    def sample(self) -> None:
        """Take one now, and note how that ended."""
        try:
            value = self._take()
        except ForgewireError as exc:
            self._note_failure(str(exc))
        except Exception:  # noqa: BLE001 - a bug in a sample must not end the watch
            # What it asks may be closed already when all ends.
            if not self._stopping.is_set():
                _log.exception("unexpected", part=self.name)
            self._note_failure("unexpected")
        else:
            self._note(Sample(value, self._now()))

    def _run(self) -> None:
        while not self._stopping.is_set():
            begun = time.monotonic()
            self.sample()
            pause = self._pace.pause(
                failures=self._failures,
                took=time.monotonic() - begun,
                chance=random.random(),  # noqa: S311 - not a secret
            )
            self._stopping.wait(pause)

    def _note(self, sample: Sample[T]) -> None:
        if self._failures:
            _log.info("watching-again", part=self.name, failures=self._failures)
        self._failures = 0
        self.last = sample
        self.is_up = True

    def _note_failure(self, why: str) -> None:
        # Once: an outage of hours must not fill the log.
        if not self._failures and not self._stopping.is_set():
            _log.warning("cannot-watch", part=self.name, error=why)
        self._failures += 1
        self.is_up = False
