"""Find the gaps in the numbers that receivers gave to what they accepted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from state.documents import Db
from state.retention import retained_days

#: How much younger than the oldest rows are those that are looked at: rows expire by
#: another clock than the receivers', and a minute or so late.
MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Start:
    """The numbers of one start of a receiver that the ledger has."""

    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers in the ledger, and when each start of a receiver began."""

    by_start: dict[str, Start]
    since: dict[str, datetime]

    @classmethod
    def read(cls, db: Db, after: datetime) -> Self:
        """Read the numbers of what was received after that time."""
        recent = {"$match": {"received_at": {"$gte": after}}}
        found = db["deliveries"].aggregate([recent, *_BY_START], allowDiskUse=True)
        return cls(
            by_start={
                row["_id"]: Start(row["first"], row["last"], row["count"])
                for row in found
            },
            since={row["_id"]: row["since"] for row in db["receivers"].find()},
        )


def horizon(db: Db, now: datetime) -> datetime:
    """Return the time after which no row has expired."""
    return now - timedelta(days=retained_days(db)) + MARGIN


def missing(numbers: Numbers, others: Iterable[str], after: datetime) -> int:
    """Return how many numbers are neither in the ledger nor among `others`.

    A start that began before `after` may have rows that expired: it is looked at from
    the first number on that was received since.
    """
    elsewhere: dict[str, set[int]] = {}
    for receipt in others:
        start, _, number = receipt.partition(".")
        if number.isascii() and number.isdigit():
            elsewhere.setdefault(start, set()).add(int(number))
    return sum(
        _gaps(
            numbers.by_start.get(name),
            elsewhere.get(name, set()),
            is_whole=name in numbers.since and numbers.since[name] >= after,
        )
        for name in numbers.by_start.keys() | elsewhere.keys()
    )


def _gaps(start: Start | None, others: set[int], *, is_whole: bool) -> int:
    if start is None:
        # The ledger has nothing of it, so nothing tells where it began.
        start = Start(min(others), 0, 0)
    first = 1 if is_whole else start.first
    counted = {number for number in others if number >= first}
    return max(start.last, *counted, 0) - first + 1 - start.count - len(counted)


_PARTS = {"$split": ["$_id", "."]}
_NUMBER = {
    "$convert": {
        "input": {"$arrayElemAt": [_PARTS, 1]},
        "to": "long",
        "onError": None,
        "onNull": None,
    }
}
_BY_START: list[dict[str, Any]] = [
    {"$group": {"_id": "$receipt"}},
    {"$project": {"start": {"$arrayElemAt": [_PARTS, 0]}, "number": _NUMBER}},
    {"$match": {"number": {"$ne": None}}},
    {
        "$group": {
            "_id": "$start",
            "first": {"$min": "$number"},
            "last": {"$max": "$number"},
            "count": {"$sum": 1},
        }
    },
]
