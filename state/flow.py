"""Tell from the ledger how events come and go just now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state.client import translated
from state.documents import Db
from state.ledger import OUTCOMES
from state.minutes import BY_OUTCOME, BY_RETRY

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


@dataclass(frozen=True, slots=True)
class Edges:
    """What the rows of all times say of what waits now."""

    #: As in Flow.
    newest: datetime | None
    oldest_death: datetime | None


def read(db: Db, now: datetime) -> Flow:
    """Return what the ledger says of the minute before `now`."""
    last = {"$gte": now - MINUTE}
    again = {"outcome": {"$in": _SETTLED}, "processed_at": last, "attempts": {"$gt": 1}}
    ends = edges(db)
    with translated():
        worked = {
            outcome: _count(db, {"outcome": outcome, "processed_at": last}, BY_OUTCOME)
            for outcome in OUTCOMES
        }
        return Flow(
            received=_count(db, {"received_at": last}, "newest"),
            worked=sum(worked.values()),
            died=worked["dead"],
            left_dead=_count(db, {"dropped_at": last}) + _count(db, again, BY_RETRY),
            newest=ends.newest,
            oldest_death=ends.oldest_death,
        )


def edges(db: Db) -> Edges:
    """Return what is last and first in the ledger; raise StateUnavailable."""
    dead = {"outcome": "dead", "dropped_at": None}
    with translated():
        return Edges(
            newest=_first(db, {}, "received_at", -1),
            oldest_death=_first(db, dead, "processed_at", 1),
        )


def _count(db: Db, query: dict[str, Any], index: str | None = None) -> int:
    # The planner would rather read rows, hundreds of thousands of them.
    options: dict[str, Any] = {"hint": index} if index else {}
    return db["deliveries"].count_documents(query, **options)


def _first(
    db: Db, query: dict[str, Any], field: str, direction: int
) -> datetime | None:
    row = db["deliveries"].find_one(query, {field: 1}, sort=[(field, direction)])
    return row[field] if row else None
