"""Count by event what became of deliveries, within a span that ends now."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from state.client import translated
from state.documents import Db
from state.ledger import OUTCOMES

#: It has source, event, outcome and time of receipt: no row itself is read.
_INDEX = "by_event"


@dataclass(slots=True)
class Counted:
    """What the ledger says of one event."""

    #: How many were received within the span, by their outcome.
    outcomes: Counter[str] = field(default_factory=Counter)
    #: When the last one was received, whenever that was; and why the last one died
    #: that was received within the span.
    last: datetime | None = None
    reason: str | None = None

    @property
    def number(self) -> int:
        """Return how many there were."""
        return self.outcomes.total()


def counted(db: Db, since: datetime) -> dict[str, Counted]:
    """Return the counts of each event that the ledger knows of.

    It reads a key of an index for each row of the span. Raise StateUnavailable.
    """
    with translated():
        sources = db["deliveries"].distinct("source")
        events = _events(db, sources)
        wanted = {
            "source": {"$in": sources},
            "event": {"$in": events},
            "outcome": {"$in": list(OUTCOMES)},
            "received_at": {"$gte": since},
        }
        found: dict[str, Counted] = {event: Counted() for event in events}
        for row in _sums(db, wanted):
            told = found[row["_id"]["event"]]
            told.outcomes[row["_id"]["outcome"]] += row["number"]
            told.last = max(told.last or row["last"], row["last"])
        for event, told in found.items():
            _complete(db, wanted, event, told)
    return found


def _events(db: Db, sources: Iterable[str]) -> list[str]:
    rows = db["deliveries"]
    found: set[str] = set()
    for source in sources:
        found.update(rows.distinct("event", {"source": source}))
    return sorted(found)


def _sums(db: Db, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    stages: list[Mapping[str, Any]] = [
        {"$match": wanted},
        {
            "$group": {
                "_id": {"event": "$event", "outcome": "$outcome"},
                "number": {"$sum": 1},
                "last": {"$max": "$received_at"},
            }
        },
    ]
    return list(db["deliveries"].aggregate(stages, hint=_INDEX))


def _complete(db: Db, wanted: Mapping[str, Any], event: str, told: Counted) -> None:
    """Add what one row each tells: the last death, or the last of all."""
    within = {**wanted, "event": event}
    if told.outcomes["dead"]:
        dead = _newest(db, within | {"outcome": "dead"})
        told.reason = dead.get("reason")
    if told.last is None:
        before = {name: it for name, it in within.items() if name != "received_at"}
        told.last = _newest(db, before).get("received_at")


def _newest(db: Db, query: Mapping[str, Any]) -> dict[str, Any]:
    order = [("received_at", -1), ("_id", -1)]
    rows = db["deliveries"].find(query, {"received_at": 1, "reason": 1}, hint=_INDEX)
    return next(iter(rows.sort(order).limit(1)), {})
