"""Weigh what was accepted against where it is, by numbers: no dead letter is read.

`forgewire audit` compares one by one, and holds all dead letters for that. This counts
them, and so may miss that one is lost and another there twice; but it hides no letter
from anybody, and calls nothing lost that is under way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest import tally
from operations.deadline import Deadline
from operations.places import spooled
from operations.queues import Depth
from schemas.errors import TookTooLong
from state import booked
from state.booked import Booked
from state.client import limited
from state.documents import Db

#: What was accepted has so long to come to the ledger before it counts as missing.
GRACE_SECONDS = 5.0
#: What the disk and MongoDB may take in all, in seconds.
LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Balance:
    """How many accepted deliveries are neither accounted for nor under way."""

    unaccounted: int


@dataclass(frozen=True, slots=True)
class Scales:
    """What is weighed; `wait` takes seconds, and returns whether no more is wanted."""

    db: Db
    spool_dir: Path
    depths: Callable[[], tuple[Depth, Depth]]
    #: How many events a worker has in hand at most.
    prefetch: int
    now: Callable[[], datetime]
    wait: Callable[[float], bool]

    def weigh(self) -> Balance:
        """Return the balance; raise Unavailable, TookTooLong or SpoolUnreadable."""
        begun = self.now()
        # In the order in which events go, so that none is missed that moves on.
        tallies = tally.read(self.spool_dir)
        if self.wait(GRACE_SECONDS):
            raise TookTooLong("there is no time to weigh")
        deadline = Deadline.after(LOOK_SECONDS)
        in_spool = spooled(self.spool_dir, deadline) or ()
        events, dead_letters = self.depths()
        with limited(deadline.left):
            found = booked.read(self.db, now=begun, spooled=in_spool, tallies=tallies)
        return Balance(unaccounted(found, events, dead_letters, self.prefetch))


def unaccounted(
    found: Booked, events: Depth, dead_letters: Depth, prefetch: int
) -> int:
    """Return how many deliveries are nowhere, as far as numbers tell.

    Letters that RabbitMQ set aside have no row, so they make up for missing numbers.
    """
    in_hand = events.unacknowledged
    if in_hand is None:
        # Nobody tells. While there is a backlog, workers have all they can take.
        in_hand = events.consumers * prefetch if events.ready else 0
    elsewhere = events.ready + in_hand + dead_letters.waiting
    return max(0, found.missing + found.dead - elsewhere)
