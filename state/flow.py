"""Tell from the ledger how events come and go just now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state.client import translated
from state.documents import Db
from state.ledger import OUTCOMES

MINUTE = timedelta(minutes=1)
_SETTLED = [outcome for outcome in OUTCOMES if outcome != "dead"]


@dataclass(frozen=True, slots=True)
class Flow:
    """What the rows of the last minute say, and two of the others."""

    #: Received within the last minute, and worked since.
    received: int
    #: Worked within the last minute, with whatever outcome.
    worked: int
    #: Became dead letters within the last minute.
    died: int
    #: Dead letters that were dropped, or worked with another outcome, within it.
    left_dead: int
    #: When the newest of all that was worked had been received.
    newest: datetime | None
    #: When the oldest of those that are dead, and not dropped, became so.
    oldest_death: datetime | None


def read(db: Db, now: datetime) -> Flow:
    """Return what the ledger says of the minute before `now`."""
    last = {"$gte": now - MINUTE}
    # By the list of all other outcomes: there is an index of just these.
    settled = {"outcome": {"$in": _SETTLED}, "processed_at": last}
    with translated():
        died = _count(db, {"outcome": "dead", "processed_at": last})
        again = _count(db, settled | {"attempts": {"$gt": 1}})
        return Flow(
            received=_count(db, {"received_at": last}),
            worked=_count(db, settled) + died,
            died=died,
            left_dead=_count(db, {"dropped_at": last}) + again,
            newest=_first(db, {}, "received_at", -1),
            oldest_death=_first(
                db, {"outcome": "dead", "dropped_at": None}, "processed_at", 1
            ),
        )


def _count(db: Db, query: dict[str, Any]) -> int:
    return db["deliveries"].count_documents(query)


def _first(
    db: Db, query: dict[str, Any], field: str, direction: int
) -> datetime | None:
    row = db["deliveries"].find_one(query, {field: 1}, sort=[(field, direction)])
    return row[field] if row else None
