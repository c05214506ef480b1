"""Tell what the ledger says of dead letters: why they died, not what they hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state.client import translated
from state.documents import Db

#: No more rows than these are looked at, the newest.
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Noted:
    """Deliveries of one event that died for one reason, and were not dropped."""

    reason: str
    event: str
    number: int
    first: datetime
    last: datetime


def noted(db: Db) -> list[Noted]:
    """Return what is dead, the most frequent first.

    What RabbitMQ set aside itself is not in the ledger. Raise StateUnavailable.
    """
    stages: list[dict[str, Any]] = [
        {"$match": {"outcome": "dead", "dropped_at": None}},
        {"$sort": {"processed_at": -1}},
        {"$limit": MAX_ROWS},
        {
            "$group": {
                "_id": {"reason": "$reason", "event": "$event"},
                "number": {"$sum": 1},
                "first": {"$min": "$processed_at"},
                "last": {"$max": "$processed_at"},
            }
        },
        {"$sort": {"number": -1, "_id": 1}},
    ]
    with translated():
        rows = list(db["deliveries"].aggregate(stages, hint="dead"))
    return [
        Noted(
            row["_id"].get("reason", "unknown"),
            row["_id"]["event"],
            row["number"],
            row["first"],
            row["last"],
        )
        for row in rows
    ]
