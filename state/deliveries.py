"""Read the ledger: what became of which deliveries, the newest first."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state.client import limited, translated
from state.documents import Db, key
from state.ledger import OUTCOMES
from state.newest import Page, page, within
from state.question import Place

#: Rows of these are few beside `applied`; their names come later in the alphabet.
_RARER = [outcome for outcome in OUTCOMES if outcome != "applied"]
_NEWEST = [("received_at", -1), ("_id", -1)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows that fit in every respect that is given; if none is, all."""

    events: Collection[str] = ()
    outcomes: Collection[str] = ()
    sources: Collection[str] = ()
    #: The first document that they were about: "users/41".
    entities: Collection[str] = ()
    #: Received then or later, and before.
    since: datetime | None = None
    until: datetime | None = None


def read(db: Db, wanted: Wanted, *, limit: int, after: Place | None = None) -> Page:
    """Return rows that fit, by the time of their receipt, the newest first."""
    with translated():
        query = _query(db, wanted)
    return page(
        db["deliveries"],
        query,
        "received_at",
        index=_index(wanted),
        limit=limit,
        after=after,
    )


def chunks(
    db: Db, wanted: Wanted, *, limit: int, seconds: float
) -> Iterator[list[dict[str, Any]]]:
    """Yield all rows that fit, the newest first; each chunk may take `seconds`."""
    after: Place | None = None
    while True:
        with limited(seconds):
            found = read(db, wanted, limit=limit, after=after)
        yield found.rows
        after = found.ended_at
        if after is None:
            return


def rows_of(db: Db, source: str, delivery_id: str) -> list[dict[str, Any]]:
    """Return the row of a delivery, if it is there, and those of its repetitions."""
    own = key(source, delivery_id)
    repeated = {"$gte": f"{own}#", "$lt": f"{own}$"}
    query = {"$or": [{"_id": own}, {"_id": repeated}], "delivery_id": delivery_id}
    with translated():
        return list(db["deliveries"].find(query).sort("_id"))


def starting_with(
    db: Db, beginning: str, sources: Collection[str] = (), *, limit: int
) -> list[dict[str, Any]]:
    """Return rows of deliveries whose ids begin so, the newest first; of all sources.

    If more than `limit` do, these are the first by their ids.
    """
    with translated():
        found = [
            {
                "_id": {
                    "$gte": key(source, beginning),
                    "$lt": key(source, f"{beginning}\uffff"),
                }
            }
            for source in sources or db["deliveries"].distinct("source")
        ]
        rows = (
            db["deliveries"].find({"$or": found}).sort("_id").limit(limit)
            if found
            else ()
        )
        return sorted(rows, key=lambda row: row["received_at"], reverse=True)


def index_reading(db: Db) -> None:
    """Let rows be found by event, outcome and document, in the order of receipt."""
    rows = db["deliveries"]
    rows.create_index(_NEWEST, name="newest")
    rows.create_index(
        [("source", 1), ("event", 1), ("outcome", 1), *_NEWEST], name="by_event"
    )
    rows.create_index([("entity", 1), *_NEWEST], name="entity")
    rows.create_index(
        [("outcome", 1), *_NEWEST],
        name="by_outcome",
        # By a list instead, of several outcomes all would be read.
        partialFilterExpression={"outcome": {"$gt": "applied"}},
    )
    rows.create_index(
        [("processed_at", -1)],
        name="dead",
        partialFilterExpression={"outcome": "dead"},
    )
    _drop(db, ("outcomes", "received_at"))


def _index(wanted: Wanted) -> str:
    """Return the index that has the rows in order, and the fewest others."""
    if wanted.entities:
        return "entity"
    if wanted.events:
        return "by_event"
    is_rare = bool(wanted.outcomes) and set(wanted.outcomes) <= set(_RARER)
    return "by_outcome" if is_rare else "newest"


def _drop(db: Db, replaced: Iterable[str]) -> None:
    """Drop indexes whose fields are the first ones of others by now."""
    there = db["deliveries"].index_information()
    for name in replaced:
        if name in there:
            db["deliveries"].drop_index(name)


def _query(db: Db, wanted: Wanted) -> dict[str, Any]:
    sources, outcomes = wanted.sources, wanted.outcomes
    if wanted.events and not wanted.entities:
        # All there are, by name: so an index in the order of receipt serves.
        sources = sources or db["deliveries"].distinct("source")
        outcomes = outcomes or OUTCOMES
    told = {
        "event": wanted.events,
        "outcome": outcomes,
        "source": sources,
        "entity": wanted.entities,
    }
    query: dict[str, Any] = {
        name: {"$in": sorted(values)} for name, values in told.items() if values
    }
    span = within(wanted.since, wanted.until)
    return query | ({"received_at": span} if span else {})
