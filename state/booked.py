"""Count what the ledger does not have of what was accepted, and what it has as dead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from state.audit import Sighting, audit
from state.client import translated
from state.documents import Db
from state.numbering import Tally


@dataclass(frozen=True, slots=True)
class Booked:
    """Two numbers of deliveries."""

    #: Accepted, and neither in the ledger nor in the spool.
    missing: int
    #: Dead, and not dropped: a letter of each should be there.
    dead: int


def read(
    db: Db,
    *,
    now: datetime,
    spooled: Iterable[Sighting],
    tallies: Mapping[str, Tally],
) -> Booked:
    """Return what the ledger says; `now` is when one began to look elsewhere.

    Raise StateUnavailable.
    """
    found = audit(db, now=now, spooled=spooled, tallies=tallies)
    # A letter comes before its row: of a row as old as that, it was there to be seen.
    query = {"outcome": "dead", "dropped_at": None, "processed_at": {"$lt": now}}
    with translated():
        dead = db["deliveries"].count_documents(query)
    return Booked(found.missing, dead)
