"""Note in the ledger that dead letters were dropped: somebody decided so."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from state.client import is_duplicate, translated
from state.documents import Db
from state.ledger import Row


def note_dropped(
    db: Db, rows: Sequence[Row], *, at: datetime, note: str | None
) -> None:
    """Write `dropped_at` and `note` into the rows of dead letters.

    The outcome stays. Where there is no such row, because the broker set the message
    aside, `rows` are inserted. Doing it twice changes nothing but the time.
    """
    fields = {"dropped_at": at} | ({"note": note} if note else {})
    taken = _write(db, rows, fields)
    # The delivery is accounted for with another receipt: this is its repetition.
    _write(db, taken, fields, suffix=True)


def _write(
    db: Db, rows: Sequence[Row], fields: dict[str, Any], *, suffix: bool = False
) -> list[Row]:
    """Write `rows`, with the receipt in the key if `suffix`; return whose was taken."""
    if not rows:
        return []
    operations = [
        _note(f"{row.key}#{row.receipt}" if suffix else row.key, row, fields)
        for row in rows
    ]
    with translated():
        try:
            db["deliveries"].bulk_write(operations, ordered=False)
        except BulkWriteError as exc:
            if not is_duplicate(exc):
                raise
            return [rows[error["index"]] for error in exc.details["writeErrors"]]
    return []


def _note(key: str, row: Row, fields: dict[str, Any]) -> UpdateOne:
    inserted = {
        name: value
        for name, value in asdict(row).items()
        # The query has the receipt, and the server takes it from there.
        if value is not None and name != "receipt"
    }
    return UpdateOne(
        {"_id": key, "receipt": row.receipt},
        {"$set": fields, "$setOnInsert": inserted},
        upsert=True,
    )
