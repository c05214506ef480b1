"""Reconcile what was accepted with what the ledger accounts for."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from state.client import translated
from state.documents import Db
from state.ledger import OUTCOMES


@dataclass(frozen=True, slots=True)
class Audit:
    """What the ledger says, and what is not (yet) in it."""

    #: Deliveries by (source, event, outcome).
    tally: dict[tuple[str, str, str], int]
    #: Accepted deliveries that the ledger knows of: by the receivers' own numbering.
    accepted: int
    #: Accepted deliveries without a row: under way, or lost.
    missing: int

    @property
    def outcomes(self) -> dict[str, int]:
        """Return the number of deliveries for each outcome."""
        totals: Counter[str] = Counter()
        for (_, _, outcome), number in self.tally.items():
            totals[outcome] += number
        return {outcome: totals[outcome] for outcome in OUTCOMES}


def audit(db: Db) -> Audit:
    """Read the ledger.

    Each start of a receiver numbers what it accepts 1, 2, 3 and so on. The highest
    number that reached the ledger is how many there were at least, and a gap below it
    is a delivery that is under way or lost. What was accepted after the last one that
    arrived is not known here; it is in the queue.
    """
    with translated():
        tally = {
            (row["_id"]["source"], row["_id"]["event"], row["_id"]["outcome"]): row["n"]
            for row in db["deliveries"].aggregate(_BY_OUTCOME)
        }
        starts = list(db["deliveries"].aggregate(_BY_START))
    accepted = sum(max(start["last"], start["rows"]) for start in starts)
    rows = sum(start["rows"] for start in starts)
    return Audit(tally=tally, accepted=accepted, missing=accepted - rows)


_BY_OUTCOME: list[dict[str, Any]] = [
    {
        "$group": {
            "_id": {"source": "$source", "event": "$event", "outcome": "$outcome"},
            "n": {"$sum": 1},
        }
    },
]
_PARTS = {"$split": ["$receipt", "."]}
_BY_START: list[dict[str, Any]] = [
    {
        "$project": {
            "start": {"$arrayElemAt": [_PARTS, 0]},
            "number": {
                "$convert": {
                    "input": {"$arrayElemAt": [_PARTS, 1]},
                    "to": "long",
                    "onError": 0,
                    "onNull": 0,
                }
            },
        }
    },
    {
        "$group": {
            "_id": "$start",
            "last": {"$max": "$number"},
            "rows": {"$sum": 1},
        }
    },
]
