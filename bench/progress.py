"""Follow how far workers are, by the rows that they write into the ledger."""

import time
from dataclasses import dataclass

from pymongo.database import Database

from cli.local.process import CannotRun

#: Rows come by batches, about eight in a second for each worker.
POLL_SECONDS = 0.02
#: Nothing new for so long, and something is wrong.
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """How many rows there were, and when, by the monotonic clock."""

    rows: int
    at: float

    def rate_since(self, earlier: "Moment") -> float:
        """Return the rows a second between the two."""
        return (self.rows - earlier.rows) / (self.at - earlier.at)


def rows(db: Database) -> int:
    """Return how many deliveries are accounted for."""
    return db["deliveries"].estimated_document_count()


def reach(db: Database, wanted: int) -> Moment:
    """Return the moment when there are so many rows; raise CannotRun if none come."""
    found, changed = Moment(rows(db), time.monotonic()), time.monotonic()
    while found.rows < wanted:
        if found.at - changed > PATIENCE_SECONDS:
            raise CannotRun(f"workers stopped at {found.rows} of {wanted} events")
        time.sleep(POLL_SECONDS)
        before, found = found, Moment(rows(db), time.monotonic())
        changed = found.at if found.rows > before.rows else changed
    return found
