"""Keep bodies of deliveries for a while, many together, found by when they were worked.

A document for each delivery would cost a worker a good part of its speed. So what was
worked at about the same time shares one, and rows of the ledger tell the time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from pymongo import WriteConcern

from state.client import translated
from state.documents import Db
from state.packing import SPAN, Body, documents, packed, unpacked

#: Yields what it is given.
Watched: TypeAlias = Callable[[Iterable[dict[str, Any]]], Iterable[dict[str, Any]]]

_COLLECTION = "bodies"
#: What the index expires by before anybody chose, in hours.
DEFAULT_HOURS = 72
_SECONDS_PER_HOUR = 3_600
#: What is of no use after some days need not outlive the loss of a disk.
_CONCERN = WriteConcern(w=1)


def write(db: Db, bodies: Sequence[Body]) -> None:
    """Keep `bodies`, which are in the order of their work; raise StateUnavailable."""
    found = documents(bodies)
    if found:
        kept = db.get_collection(_COLLECTION, write_concern=_CONCERN)
        with translated():
            kept.insert_many(found, ordered=False)


def read(db: Db, key: str, processed_at: datetime) -> bytes | None:
    """Return the body of the row with that key; None if it is not, or no more, kept."""
    near = {"$gte": processed_at, "$lte": processed_at + SPAN}
    query = {"last": near, "first": {"$lte": processed_at}}
    with translated():
        for document in db[_COLLECTION].find(query):
            for one in unpacked(document):
                if one.key == key:
                    return one.body
    return None


def everything(db: Db, watched: Watched = iter) -> Iterator[Body]:
    """Yield all bodies that are kept; `watched` may show how far that is."""
    for document in watched(_documents(db)):
        yield from unpacked(document)


def erase(
    db: Db,
    concerns: Callable[[Body], bool],
    *,
    is_dry_run: bool = False,
    watched: Watched = iter,
) -> int:
    """Erase the bodies that concern somebody; return how many there were."""
    with translated():
        return sum(
            _erase(db, document, concerns, is_dry_run=is_dry_run)
            for document in watched(_documents(db))
        )


def size(db: Db) -> int:
    """Return how many documents hold bodies, about."""
    with translated():
        return db[_COLLECTION].estimated_document_count()


def index_bodies(db: Db) -> None:
    """Let bodies be found by the time of their work, and expire by it."""
    seconds = DEFAULT_HOURS * _SECONDS_PER_HOUR
    db[_COLLECTION].create_index("last", name="expiry", expireAfterSeconds=seconds)


def retain_bodies(db: Db, *, hours: int) -> None:
    """Have bodies kept for so many hours, those that are there too; 0: none is."""
    seconds = hours * _SECONDS_PER_HOUR
    with translated():
        found = db[_COLLECTION].index_information()
        if found["expiry"]["expireAfterSeconds"] != seconds:
            index = {"name": "expiry", "expireAfterSeconds": seconds}
            db.command("collMod", _COLLECTION, index=index)


def _documents(db: Db) -> Iterator[dict[str, Any]]:
    with translated():
        yield from db[_COLLECTION].find({})


def _erase(
    db: Db,
    document: Mapping[str, Any] | None,
    concerns: Callable[[Body], bool],
    *,
    is_dry_run: bool,
) -> int:
    """Erase in one document; return how many bodies that were."""
    while document is not None:
        share = unpacked(document)
        left = [one for one in share if not concerns(one)]
        erased = len(share) - len(left)
        if is_dry_run or not erased or _leave(db, document, left):
            return erased
        # Somebody else has erased in it since.
        document = db[_COLLECTION].find_one({"_id": document["_id"]})
    return 0


def _leave(db: Db, document: Mapping[str, Any], left: Sequence[Body]) -> bool:
    """Leave these in a document; return False if it is another one by now."""
    as_read = {"_id": document["_id"], "packed": document["packed"]}
    if not left:
        return bool(db[_COLLECTION].delete_one(as_read).deleted_count)
    shrunk = {"$set": {"packed": packed(left)}}
    return bool(db[_COLLECTION].update_one(as_read, shrunk).matched_count)
