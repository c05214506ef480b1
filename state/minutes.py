"""Count what became of deliveries, minute by minute, by an index of the ledger."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.errors import TookTooLong
from state.client import limited, translated
from state.documents import Db
from state.ledger import OUTCOMES

MINUTE = timedelta(minutes=1)
#: How many minutes are told of; the last of them is not over yet.
SHOWN = 60
#: A row is written a moment after the time that it bears: so long after its end, a
#: minute may still get some.
SETTLES = timedelta(minutes=1)
#: What makes a count touch no row; and the few rows that were worked more than once.
BY_OUTCOME, BY_RETRY = "by_outcome_worked", "by_retry_worked"


@dataclass(frozen=True, slots=True)
class Minute:
    """What became of the deliveries that were worked in a minute."""

    begins: datetime
    #: How many ended as what; None if there was no time yet to count them.
    counts: Mapping[str, int] | None


class Minutes:
    """Counts each minute that is over once; safe to share among threads.

    So a dead letter that is replayed later remains counted where it died.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._settled: dict[datetime, Mapping[str, int]] = {}

    def read(self, now: datetime, *, seconds: float) -> list[Minute]:
        """Return the last minutes, oldest first; raise StateUnavailable.

        The newest are counted first. What is not counted after so many seconds, maybe
        since nobody answers, is counted when one asks again.
        """
        current = now.replace(second=0, microsecond=0)
        wanted = [current - number * MINUTE for number in range(SHOWN)]
        with self._lock:
            self._settled = {
                begins: self._settled[begins]
                for begins in wanted
                if begins in self._settled
            }
            counted = self._counted(wanted, now, time.monotonic() + seconds)
        return [Minute(begins, counted.get(begins)) for begins in reversed(wanted)]

    def _counted(
        self, wanted: list[datetime], now: datetime, end: float
    ) -> dict[datetime, Mapping[str, int]]:
        counted = dict(self._settled)
        for begins in wanted:
            if begins in counted:
                continue
            try:
                counts = self._count(begins, end - time.monotonic())
            except TookTooLong:
                break
            counted[begins] = counts
            if begins + MINUTE + SETTLES <= now:
                self._settled[begins] = counts
        return counted

    def _count(self, begins: datetime, seconds: float) -> Mapping[str, int]:
        if seconds <= 0:
            raise TookTooLong("the minutes were not all counted in the time given")
        span = {"$gte": begins, "$lt": begins + MINUTE}
        rows = self._db["deliveries"]
        with limited(seconds), translated():
            return {
                outcome: rows.count_documents(
                    {"outcome": outcome, "processed_at": span}, hint=BY_OUTCOME
                )
                for outcome in OUTCOMES
            }


def index_minutes(db: Db) -> None:
    """Let rows be counted by outcome and time, and found by when they were worked."""
    rows = db["deliveries"]
    rows.create_index([("outcome", 1), ("processed_at", -1)], name=BY_OUTCOME)
    rows.create_index(
        [("processed_at", -1)],
        name=BY_RETRY,
        partialFilterExpression={"attempts": {"$gt": 1}},
    )
