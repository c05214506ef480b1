"""Look at the queues, and tell since when what is in them waits; take no message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from operations.oldest import Oldest
from operations.queues import Depth, Queues
from schemas.errors import StateUnavailable, TookTooLong
from state import flow
from state.client import limited
from state.documents import Db
from state.flow import Edges

#: What MongoDB may take to say what was worked last, in seconds.
LEDGER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """What waits in a queue, and at most since when; None if nobody knows, or none."""

    depth: Depth
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Lines:
    """Both queues at a moment."""

    events: Line
    dead_letters: Line


class Lookout:
    """Looks again and again; for one thread."""

    def __init__(self, queues: Queues, db: Db, now: Callable[[], datetime]) -> None:
        self._queues = queues
        self._db = db
        self._now = now
        self._oldest = Oldest()
        self._edges = Edges(None, None)

    def look(self) -> Lines:
        """Return how the queues are; raise a BrokerUnavailable."""
        events, dead = self._queues.depths_again()
        # Nothing is worked while MongoDB is away, so what was known then still holds.
        edges = self._edges = self._read() or self._edges
        since = self._oldest.since(events.waiting, edges.newest, self._now())
        return Lines(
            Line(events, since),
            Line(dead, edges.oldest_death if dead.waiting else None),
        )

    def _read(self) -> Edges | None:
        try:
            with limited(LEDGER_SECONDS):
                return flow.edges(self._db)
        except (StateUnavailable, TookTooLong):
            return None
