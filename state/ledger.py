"""Account for every delivery: one row each, written after its changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from state.client import is_duplicate, translated
from state.documents import Db, key
from state.timing import Timed, timing, untimed

#: What became of a delivery; each accepted one ends as exactly one of these.
OUTCOMES = ("applied", "duplicate", "stale", "ignored", "test", "dead")


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger says of one accepted delivery; nothing personal."""

    source: str
    delivery_id: str
    #: Which acceptance this was; the host may deliver one id several times.
    receipt: str
    event: str
    outcome: str
    received_at: datetime
    processed_at: datetime
    attempts: int = 1
    #: The first document that the event was about: "users/41".
    entity: str | None = None
    #: Why it is dead.
    reason: str | None = None
    #: The trace that it belongs to, if it does to one.
    trace_id: str | None = None
    #: Who sent it by hand; None if the host did.
    sent_by: str | None = None
    #: What it changed, by `state.changed`; None if its handler declared nothing.
    changed: Sequence[Mapping[str, Any]] | None = None

    @property
    def key(self) -> str:
        """Return the `_id` of the row: of the delivery, or of its repetition."""
        own = key(self.source, self.delivery_id)
        return f"{own}#{self.receipt}" if self.outcome == "duplicate" else own


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to know of a delivery that is accounted for."""

    receipt: str
    #: How often it had been tried when it became a dead letter; None if it did not.
    died_after: int | None = None

    def is_replayed_by(self, receipt: str, attempt: int) -> bool:
        """Return whether a message is its dead letter, sent once more."""
        died_after = self.died_after
        return (
            receipt == self.receipt and died_after is not None and died_after < attempt
        )


class Ledger:
    """The collection `deliveries`, and `receivers`: which starts it has rows of."""

    def __init__(self, db: Db, *, timed: Timed = untimed) -> None:
        """Tell `timed` how long each write takes, by collection."""
        self._timed = timed
        self._rows = db["deliveries"]
        self._receivers = db["receivers"]
        #: The starts of receivers that this process has seen to.
        self._starts: set[str] = set()

    def known(self, keys: Iterable[str]) -> dict[str, Known]:
        """Return what is known of each delivery that is accounted for, by its key."""
        query = {"_id": {"$in": sorted(set(keys))}}
        with translated():
            found = self._rows.find(query, _OF_KNOWN)
            return {row["_id"]: _known(row) for row in found}

    def has_received_after(self, moment: datetime) -> bool:
        """Return whether there is a row of what was received after that time."""
        later = {"received_at": {"$gt": moment}}
        with translated():
            return self._rows.find_one(later, {"_id": 1}) is not None

    def write(self, rows: Sequence[Row]) -> list[Row]:
        """Insert `rows`, and return those that were not there before.

        A row that is there with another receipt was written by another worker that had
        the same delivery: this one is then a duplicate, and is written as such.
        """
        self._note_starts(rows)
        taken = self._insert(rows)
        if not taken:
            return list(rows)
        known = self.known(row.key for row in taken)
        repeated = [
            _repeated(row) for row in taken if known[row.key].receipt != row.receipt
        ]
        again = self._insert(repeated)
        fresh = [row for row in rows if row not in taken]
        return fresh + [row for row in repeated if row not in again]

    def replace(self, rows: Iterable[Row]) -> list[Row]:
        """Write the new outcome of dead letters that were sent again.

        Return those that were dead until now, after fewer attempts.
        """
        with translated():
            return [row for row in rows if self._replace(row)]

    def _replace(self, row: Row) -> bool:
        dead = {"_id": row.key, "receipt": row.receipt, "outcome": "dead"}
        told = _to_document(row)
        untold = {name: "" for name in _FIELDS if name not in told}
        result = self._rows.update_one(
            dead | {"attempts": {"$lt": row.attempts}},
            {"$set": told, "$unset": untold | {"dropped_at": "", "note": ""}},
        )
        return bool(result.modified_count)

    def _note_starts(self, rows: Sequence[Row]) -> None:
        """Keep when each start of a receiver began, before its first row is written.

        So that numbers whose rows have expired are not taken for a gap.
        """
        first: dict[str, datetime] = {}
        for row in rows:
            start = row.receipt.partition(".")[0]
            if start not in self._starts:
                first[start] = min(row.received_at, first.get(start, row.received_at))
        if first:
            operations = [
                UpdateOne({"_id": start}, {"$min": {"since": since}}, upsert=True)
                for start, since in first.items()
            ]
            with translated():
                self._receivers.bulk_write(operations, ordered=False)
            self._starts |= first.keys()

    def _insert(self, rows: Sequence[Row]) -> list[Row]:
        """Insert `rows`; return those whose key was taken."""
        if not rows:
            return []
        operations = [InsertOne(_to_document(row)) for row in rows]
        with translated(), timing(self._timed, self._rows.name):
            try:
                self._rows.bulk_write(operations, ordered=False)
            except BulkWriteError as exc:
                if not is_duplicate(exc):
                    raise
                return [rows[error["index"]] for error in exc.details["writeErrors"]]
        return []


#: All that `Known` tells.
_OF_KNOWN = {"receipt": 1, "outcome": 1, "attempts": 1}


def _known(row: Mapping[str, Any]) -> Known:
    died_after = row["attempts"] if row["outcome"] == "dead" else None
    return Known(row["receipt"], died_after)


def _repeated(row: Row) -> Row:
    return replace(row, outcome="duplicate", reason=None, changed=None)


def _to_document(row: Row) -> dict[str, Any]:
    # Not asdict(), which copies what it finds and takes a sixth of a worker's time.
    told = zip(_FIELDS, _VALUES(row), strict=True)
    return {"_id": row.key} | {name: value for name, value in told if value is not None}


_FIELDS = tuple(field.name for field in fields(Row))
_VALUES = attrgetter(*_FIELDS)
