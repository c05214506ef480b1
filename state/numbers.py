"""Read from the ledger which numbers of each start of a receiver it has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Self

from state.documents import Db
from state.retention import retained_days

#: How much younger than the oldest rows are those that are looked at: rows expire by
#: another clock than the receivers', and a minute or so late.
MARGIN = timedelta(days=1)
#: Numbers that the database hands over in one piece.
AT_ONCE = 1_000
#: Pieces in one answer: while it is decoded, no other thread of ours runs.
PIECES = 20

#: The first and the last of numbers that follow each other.
Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Start:
    """The numbers of one start of a receiver that the ledger has."""

    #: In order; at least one.
    runs: tuple[Run, ...]

    @property
    def first(self) -> int:
        return self.runs[0][0]

    @property
    def last(self) -> int:
        return self.runs[-1][1]

    @property
    def count(self) -> int:
        return sum(last - first + 1 for first, last in self.runs)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers in the ledger, and when each start of a receiver began."""

    by_start: dict[str, Start]
    since: dict[str, datetime]

    @classmethod
    def read(cls, db: Db, after: datetime) -> Self:
        """Read the numbers of what was received after that time."""
        recent = {"$match": {"received_at": {"$gte": after}}}
        found = db["deliveries"].aggregate(
            [recent, *_IN_PIECES], allowDiskUse=True, batchSize=PIECES
        )
        runs: dict[str, list[Run]] = {}
        for row in found:
            runs.setdefault(row["_id"]["start"], []).extend(_runs(row["numbers"]))
        return cls(
            by_start={name: Start(tuple(sorted(it))) for name, it in runs.items()},
            since={row["_id"]: row["since"] for row in db["receivers"].find()},
        )


def horizon(db: Db, now: datetime) -> datetime:
    """Return the time after which no row has expired."""
    return now - timedelta(days=retained_days(db)) + MARGIN


def _runs(numbers: Iterable[int]) -> Iterator[Run]:
    # Within a run, a number and its place differ by the same.
    placed = enumerate(sorted(set(numbers)))
    for _, run in groupby(placed, lambda it: it[1] - it[0]):
        members = [number for _, number in run]
        yield members[0], members[-1]


_PARTS = {"$split": ["$receipt", "."]}
_NUMBER = {
    "$convert": {
        "input": {"$arrayElemAt": [_PARTS, 1]},
        "to": "long",
        "onError": None,
        "onNull": None,
    }
}
_PIECE = {"$floor": {"$divide": ["$number", AT_ONCE]}}
_IN_PIECES: list[dict[str, Any]] = [
    {"$project": {"start": {"$arrayElemAt": [_PARTS, 0]}, "number": _NUMBER}},
    {"$match": {"number": {"$ne": None}}},
    {
        "$group": {
            "_id": {"start": "$start", "piece": _PIECE},
            "numbers": {"$push": "$number"},
        }
    },
]
