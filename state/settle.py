"""After a write, look at the other side of every relation, and bring it in step.

Each worker first writes its own part and then looks at the other part, so that of two
racing workers at least one sees both; and looks again after each write of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handlers.changes import Move
from state.collections import Collection
from state.derive import derive
from state.documents import Documents, Records, key
from state.moves import close_moves
from state.record import Record
from state.surroundings import look
from state.version import Stamp


def settle(
    documents: Documents,
    touched: Mapping[str, Records],
    moves: Iterable[tuple[Stamp, Move]],
) -> None:
    """Bring in step all that `touched` records and `moves` bear upon.

    `touched` maps collection names to records by `_id`, as just read or written.
    """
    moves = list(moves)
    _close_dead_ends(documents, touched.get("users", {}), moves)
    work = [(name, records) for name, records in touched.items() if records]
    work += _below(documents, moves)
    while work:
        name, records = work.pop()
        collection = documents.collection(name)
        settled = _settle_some(documents, collection, records)
        work += _dependents(documents, collection, settled)


def _settle_some(
    documents: Documents, collection: Collection, records: Records
) -> Records:
    """Derive `records` until a look around after the last write changes nothing."""
    if not (collection.parents or collection.path or collection.people):
        return records
    settled = dict(records)
    unsure = records
    while unsure:
        wanted = derived(documents, collection, unsure)
        differ = [doc_id for doc_id in unsure if wanted[doc_id] != unsure[doc_id]]
        unsure = documents.update(
            collection, differ, lambda _, now: derived(documents, collection, now)
        )
        settled |= unsure
    return settled


def derived(documents: Documents, collection: Collection, records: Records) -> Records:
    """Return `records` as what surrounds them just now makes them."""
    around = look(documents, collection, records)
    return {
        doc_id: derive(collection, record, around) for doc_id, record in records.items()
    }


def _dependents(
    documents: Documents, collection: Collection, records: Records
) -> Iterator[tuple[str, Records]]:
    """Yield the children that may be out of step with `records`, their parents."""
    gone = [record for record in records.values() if not record.shown]
    back = [record for record in records.values() if record.shown]
    for child, field in documents.children_of(collection.name):
        for parents in _by_source(gone):
            query = {**_below_ids(collection, field, parents), "state": "active"}
            yield child.name, documents.find(child, query)
            if documents.children_of(child.name):
                # Taken along before a crash, perhaps, and what is below it not yet.
                kept = _below_ids(collection, f"kept.{field}", parents)
                yield child.name, documents.find(child, {**kept, "orphan": True})
        # Only a document with parents of its own ever comes back.
        for parents in _by_source(back) if collection.parents else ():
            query = {**_below_ids(collection, field, parents), "orphan": True}
            yield child.name, documents.find(child, query)
    if collection.name == "users":
        yield from _listing(documents, gone)


def _below_ids(
    collection: Collection, field: str, parents: list[Record]
) -> dict[str, Any]:
    (id_field,) = collection.identity_fields
    ids = [record.identity[id_field] for record in parents]
    return {"source": parents[0].identity["source"], field: {"$in": ids}}


def _listing(documents: Documents, gone: list[Record]) -> Iterator[tuple[str, Records]]:
    """Yield what lists people who are gone."""
    for collection in documents.with_people():
        for users in _by_source(gone):
            marks = sorted({mark for user in users for mark in user.marks})
            query = {"source": users[0].identity["source"], "people": {"$in": marks}}
            yield collection.name, documents.find(collection, query)


def _close_dead_ends(
    documents: Documents, users: Records, moves: list[tuple[Stamp, Move]]
) -> None:
    """Erase where moves of deleted users led, whichever of the two came first."""
    dead = {doc_id for doc_id, user in users.items() if not user.lives}
    movers = {key(stamp.source, move.owner[1]) for stamp, move in moves}
    if movers:
        # Asked again, though just read: it may be deleted since.
        query = {"_id": {"$in": sorted(movers)}, "state": "deleted"}
        dead |= documents.find(documents.collection("users"), query).keys()
    close_moves(documents.db, sorted(dead))


def _below(
    documents: Documents, moves: list[tuple[Stamp, Move]]
) -> Iterator[tuple[str, Records]]:
    """Yield what is or was below the old path of a move, at any time since told."""
    old: dict[tuple[str, str], set[str]] = {}
    for stamp, move in moves:
        for collection in documents.with_paths(move.owner[0]):
            old.setdefault((stamp.source, collection.name), set()).add(move.old)
    for (source, name), paths in old.items():
        where = [{"trail": {"$in": sorted(paths)}}, *map(_inside, sorted(paths))]
        query = {"source": source, "$or": where}
        yield name, documents.find(documents.collection(name), query)


def _inside(path: str) -> dict[str, Any]:
    # "0" is the character after "/": all that starts with "path/".
    return {"trail": {"$elemMatch": {"$gte": f"{path}/", "$lt": f"{path}0"}}}


def _by_source(records: Iterable[Record]) -> Iterable[list[Record]]:
    grouped: dict[str, list[Record]] = {}
    for record in records:
        grouped.setdefault(record.identity["source"], []).append(record)
    return grouped.values()
