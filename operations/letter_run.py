"""Go through the dead letters once for a job, and tell how far it is."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from broker.confirm import Confirm
from broker.dead_letter import DeadLetter
from broker.holding import HeldLetter, Holding
from broker.message import Message
from broker.replay import Pace
from handlers.registry import Handler
from operations.causes import cause_of, letter_key
from operations.dropping import doom, drop
from operations.progress import Progress
from operations.replaying import Report, checked, send
from state.documents import Db

#: So many are sent a second: what the host sends meanwhile stands behind them.
RATE = 1_000.0
#: So many are dropped at once.
CHUNK = 200
#: It is told how far it is after so many seconds.
TELL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done with which letters: of a group, one of them, or all."""

    #: "replay" or "drop".
    kind: str
    #: Who wants it: "gitlab:41".
    by: str
    group: str | None = None
    letter: str | None = None
    #: What they died of, for who looks at the job.
    about: Mapping[str, Any] = field(default_factory=dict)
    #: Why they are dropped.
    note: str | None = None

    def takes(self, letter: DeadLetter) -> bool:
        """Return whether `letter` is meant."""
        if self.letter is not None:
            return letter_key(letter) == self.letter
        return self.group is None or cause_of(letter).key == self.group

    def as_row(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {name: it for name, it in asdict(self).items() if it is not None}


class Run:
    """One pass through the letters that were there when it began.

    `tell` notes the progress, and returns why the job ends here, or None.
    """

    def __init__(self, order: Order, tell: Callable[[Progress], str | None]) -> None:
        self.progress = Progress()
        #: Why `tell` ended it: the other letters are in their places.
        self.ended_for: str | None = None
        self._order = order
        self._tell = tell
        self._told_at = time.monotonic()
        self._report = Report(is_dry_run=False)

    def replay(
        self,
        holding: Holding,
        handlers: Mapping[str, Handler],
        submit: Callable[[Message], Confirm],
    ) -> None:
        """Send what a worker would not reject again; raise a BrokerUnavailable."""
        good = checked(self._letters(holding), handlers, self._report)
        try:
            send(good, holding, submit, Pace(RATE).wait, self._report)
        finally:
            self.progress.take(self._report)

    def drop(self, holding: Holding, db: Db) -> None:
        """Drop them; raise a BrokerUnavailable, or a StateUnavailable."""
        doomed = map(doom, self._letters(holding))
        by, note = self._order.by, self._order.note
        while chunk := list(islice(doomed, CHUNK)):
            drop(chunk, holding, db, note=f"{by}: {note}" if note else by)
            self.progress.dropped += len(chunk)

    def _letters(self, holding: Holding) -> Iterator[HeldLetter]:
        self.progress.total = len(holding)
        for held in holding.letters():
            self.progress.looked_at += 1
            if self._order.takes(held.letter):
                yield held
                if self._order.letter is not None:
                    return
            # Not raised: what is on its way has to leave the dead letters.
            if not self._goes_on():
                return

    def _goes_on(self) -> bool:
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self.progress.take(self._report)
            self.ended_for = self._tell(self.progress)
            self._told_at = time.monotonic()
        return self.ended_for is None
