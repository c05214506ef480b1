"""Account for every delivery: one row each, written after its changes."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from state.client import is_duplicate, translated
from state.documents import Db, key

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

    @property
    def key(self) -> str:
        """Return the `_id` of the row: of the delivery, or of its repetition."""
        own = key(self.source, self.delivery_id)
        return f"{own}#{self.receipt}" if self.outcome == "duplicate" else own


class Ledger:
    """The collection `deliveries`."""

    def __init__(self, db: Db) -> None:
        self._rows = db["deliveries"]

    def receipts(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the receipt of each delivery that is accounted for, by its key."""
        query = {"_id": {"$in": sorted(set(keys))}}
        with translated():
            found = self._rows.find(query, {"receipt": 1})
            return {row["_id"]: row["receipt"] for row in found}

    def write(self, rows: Sequence[Row]) -> list[Row]:
        """Insert `rows`, and return those that were not there before.

        A row that is there with another receipt was written by another worker that had
        the same delivery: this one is then a duplicate, and is written as such.
        """
        taken = self._insert(rows)
        if not taken:
            return list(rows)
        receipts = self.receipts(row.key for row in taken)
        repeated = [_repeated(row) for row in taken if receipts[row.key] != row.receipt]
        again = self._insert(repeated)
        fresh = [row for row in rows if row not in taken]
        return fresh + [row for row in repeated if row not in again]

    def _insert(self, rows: Sequence[Row]) -> list[Row]:
        """Insert `rows`; return those whose key was taken."""
        if not rows:
            return []
        operations = [InsertOne(_to_document(row)) for row in rows]
        with translated():
            try:
                self._rows.bulk_write(operations, ordered=False)
            except BulkWriteError as exc:
                if not is_duplicate(exc):
                    raise
                return [rows[error["index"]] for error in exc.details["writeErrors"]]
        return []


def _repeated(row: Row) -> Row:
    return replace(row, outcome="duplicate", reason=None)


def _to_document(row: Row) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(row).items() if value is not None}
    return {"_id": row.key, **fields}
