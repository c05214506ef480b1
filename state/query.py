"""Read documents in pages, and whole collections in chunks."""

from collections.abc import Iterator, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING

from state.client import limited, translated
from state.documents import Db
from state.orders import ANY_CASE
from state.question import Clause, Document, Question, conditions, matching, states


def page(db: Db, asked: Question, seconds: float) -> list[Document]:
    """Return up to `limit` rows; raise TookTooLong after `seconds`."""
    return _read(db, asked.collection, matching(asked), seconds, **options(asked))


def options(asked: Question) -> dict[str, Any]:
    """Return how MongoDB is to read a page."""
    direction = DESCENDING if asked.is_descending else ASCENDING
    return {
        "projection": [*asked.fields, asked.order.field.partition(".")[0]],
        "hint": asked.index,
        "collation": ANY_CASE if asked.is_by_text else None,
        "sort": [(name, direction) for name, _ in asked.order.keys],
        "limit": asked.limit,
    }


def one(
    db: Db, collection: str, doc_id: str, fields: Sequence[str], seconds: float
) -> Document | None:
    """Return the document with that `_id`, or None."""
    found = _read(db, collection, {"_id": doc_id}, seconds, projection=list(fields))
    return found[0] if found else None


def several(
    db: Db, collection: str, ids: Sequence[str], fields: Sequence[str], seconds: float
) -> list[Document]:
    """Return those documents of `ids` that there are, in any order."""
    if not ids:
        return []
    query = {"_id": {"$in": list(ids)}}
    return _read(db, collection, query, seconds, projection=list(fields))


def chunks(db: Db, asked: Question, seconds: float) -> Iterator[list[Document]]:
    """Yield all rows by `_id`; each chunk may take `seconds`, and reading it longer.

    Each chunk is a query of its own, so nothing is held at the server meanwhile.
    """
    after, wanted = "", conditions(asked)
    if alive := states(asked):
        wanted.append({"$or": alive})
    while True:
        where = [{"_id": {"$gt": after}}, *wanted]
        found = _read(
            db,
            asked.collection,
            {"$and": where},
            seconds,
            projection=list(asked.fields),
            hint="_id_",
            sort=[("_id", ASCENDING)],
            limit=asked.limit,
        )
        if found:
            yield found
        if len(found) < asked.limit:
            return
        after = found[-1]["_id"]


def is_team(db: Db, source: str, name: str, seconds: float) -> bool:
    """Return whether there is a team of that name; in any source if `source` is ""."""
    where = {"name": name} | ({"source": source} if source else {})
    return bool(_read(db, "teams", where, seconds, limit=1))


def _read(
    db: Db, collection: str, query: Clause, seconds: float, **how: Any
) -> list[Document]:
    with limited(seconds), translated():
        return list(db[collection].find(query, **how))
