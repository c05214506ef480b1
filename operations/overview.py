"""Look at the dead letters in the background, so that no page waits for RabbitMQ."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from broker.dead_letter import DeadLetter
from broker.holding import Holding
from operations.deadline import Deadline
from operations.fresh import Fresh
from operations.groups import Group, grouped
from operations.queues import Queues
from schemas.errors import ForgewireError

#: Who reads letters hides them from others, so it is done for so long at most, in
#: seconds, and up to so many letters.
READ_SECONDS, MAX_LETTERS = 5.0, 20_000
#: What took longer than that, in seconds, is not done again for REST times as long, so
#: that others get at them.
CHEAP_SECONDS, REST = 0.5, 5
#: What was seen is told again for so long. After that it is asked how many there are,
#: and they are read if that is another number, or the last time is so long ago.
YOUNG_SECONDS, OLD_SECONDS = 0.25, 60.0


@dataclass(frozen=True, slots=True)
class Overview:
    """The dead letters as they were at a moment."""

    groups: tuple[Group, ...]
    #: How many were in the queue, and how many of them were looked at, the oldest.
    number: int
    looked_at: int
    made_at: datetime

    @property
    def first(self) -> datetime | None:
        """Return when the oldest of them died, if any tells."""
        told = (it.first for it in self.groups if it.first is not None)
        return min(told, default=None)

    @property
    def last(self) -> datetime | None:
        """Return when the newest of them died, if any tells."""
        told = (it.last for it in self.groups if it.last is not None)
        return max(told, default=None)

    @property
    def is_complete(self) -> bool:
        """Return whether all were looked at."""
        return self.looked_at >= self.number

    def group(self, key: str) -> Group | None:
        """Return the group of that key, if there is one."""
        return next((it for it in self.groups if it.key == key), None)

    def letter_of(self, source: str, delivery_id: str) -> tuple[str, str] | None:
        """Return the keys of the group and of the letter of a delivery, if seen."""
        for group in self.groups:
            key = group.keys.get((source, delivery_id))
            if key is not None:
                return group.key, key
        return None


@dataclass(frozen=True, slots=True)
class Known:
    """What was seen last, and why nothing was since then, if so."""

    overview: Overview | None
    problem: ForgewireError | None


class Watch:
    """Keeps the last overview; safe to share among threads."""

    def __init__(self, queues: Queues, now: Callable[[], datetime]) -> None:
        self._queues = queues
        self._now = now
        self._fresh = Fresh(self._look, young_seconds=YOUNG_SECONDS)
        self._last: Overview | None = None
        #: When the letters were read, by the monotonic clock, how long that took, in
        #: seconds, and how many there were.
        self._read_at, self._took, self._were = -math.inf, 0.0, 0
        self._is_forgotten = False

    def known(self, patience: float) -> Known:
        """Return what is known, after waiting for so many seconds at most."""
        self._fresh.begin()
        seen = self._fresh.seen(Deadline.after(patience))
        return Known(self._last, seen.problem)

    def forget(self) -> None:
        """Have the letters read again soon: some of them left."""
        self._is_forgotten = True

    def _look(self) -> Overview:
        with self._queues.holding() as holding:
            number = len(holding)
            if self._last is None or self._is_due(number):
                # Before they are read: who forgets meanwhile has them read again.
                self._is_forgotten, begun = False, time.monotonic()
                self._last = self._read(holding)
                self._read_at, self._were = time.monotonic(), self._last.number
                self._took = self._read_at - begun
            elif number != self._last.number:
                self._last = replace(self._last, number=number)
        return self._last

    def _is_due(self, number: int) -> bool:
        rested = time.monotonic() - self._read_at
        is_tired = self._took > CHEAP_SECONDS and rested < REST * self._took
        is_other = rested >= OLD_SECONDS or number != self._were
        return self._is_forgotten or (is_other and not is_tired)

    def _read(self, holding: Holding) -> Overview:
        made_at, looked_at, is_cut = self._now(), 0, False

        def letters() -> Iterator[DeadLetter]:
            nonlocal looked_at, is_cut
            deadline = Deadline.after(READ_SECONDS)
            for held in holding.letters():
                looked_at += 1
                yield held.letter
                if deadline.is_over or looked_at >= MAX_LETTERS:
                    is_cut = True
                    return

        groups = tuple(grouped(letters()))
        # What came while they were read makes another number the next time.
        number = looked_at + (len(holding) if is_cut else 0)
        return Overview(groups, number, looked_at, made_at)
