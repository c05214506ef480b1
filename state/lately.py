"""Tell by the newest rows of the ledger how long deliveries took, and who sent them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state.client import translated
from state.documents import Db
from state.ledger import OUTCOMES
from state.minutes import BY_OUTCOME

#: How long ago is lately, and how many rows tell of it.
SPAN = timedelta(minutes=15)
SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class Lately:
    """What the newest rows of the last minutes say."""

    #: Seconds from receipt to row, which half of them and 99 of 100 did not exceed;
    #: None if there are no rows. What had to be tried again is left out.
    median_seconds: float | None
    slow_seconds: float | None
    #: When each start of a receiver took the last of them, by its name.
    receivers: Mapping[str, datetime]
    #: When the newest was worked.
    worked_at: datetime | None


def read(db: Db, now: datetime) -> Lately:
    """Return what the newest rows say at `now`; raise StateUnavailable."""
    query = {"outcome": {"$in": OUTCOMES}, "processed_at": {"$gte": now - SPAN}}
    shown = {"_id": 0, "receipt": 1, "received_at": 1, "processed_at": 1, "attempts": 1}
    with translated():
        found = db["deliveries"].find(query, shown, hint=BY_OUTCOME)
        rows = list(found.sort("processed_at", -1).limit(SAMPLE))
    lags = sorted(_lag(row) for row in rows if row["attempts"] == 1)
    return Lately(
        _quantile(lags, 0.5),
        _quantile(lags, 0.99),
        _receivers(rows),
        rows[0]["processed_at"] if rows else None,
    )


def last_by_source(db: Db) -> dict[str, datetime]:
    """Return when the newest that the ledger has of each source was received.

    Raise StateUnavailable. It asks once for each source and event that there is.
    """
    with translated():
        found = {
            source: list(_newest_of_events(db, source))
            for source in db["deliveries"].distinct("source")
        }
    return {source: max(times) for source, times in sorted(found.items()) if times}


def _newest_of_events(db: Db, source: str) -> Iterator[datetime]:
    rows = db["deliveries"]
    for event in rows.distinct("event", {"source": source}):
        # With all outcomes by name, an index has the rows in the order of receipt.
        query = {"source": source, "event": event, "outcome": {"$in": OUTCOMES}}
        found = rows.find(query, {"received_at": 1}, hint="by_event")
        for row in found.sort([("received_at", -1), ("_id", -1)]).limit(1):
            yield row["received_at"]


def _lag(row: Mapping[str, Any]) -> float:
    # Two clocks: that of the receiver may be a little ahead.
    lag: timedelta = row["processed_at"] - row["received_at"]
    return max(0.0, lag.total_seconds())


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the least that so large a share of the numbers does not exceed."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _receivers(rows: Sequence[Mapping[str, Any]]) -> dict[str, datetime]:
    last: dict[str, datetime] = {}
    for row in rows:
        start, _, number = row["receipt"].partition(".")
        # What somebody sent by hand has a receipt that no receiver gave.
        if number.isdigit():
            last[start] = max(row["received_at"], last.get(start, row["received_at"]))
    return last
