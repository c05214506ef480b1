"""Look at what surrounds documents: parents and people who are gone, and moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from state.client import translated
from state.collections import Collection
from state.digest import digest
from state.documents import Documents, Records, key
from state.moves import find_moves
from state.paths import Moves, by_old, prefixes, replay
from state.record import Record
from state.stored import people


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the other documents say about some records of one collection."""

    #: (collection, _id) of parents that are deleted.
    dead: frozenset[tuple[str, str]] = frozenset()
    moves: Moves | None = None
    #: When people were heard to be gone, in microseconds, by their digests.
    gone: Mapping[str, int] = field(default_factory=dict)


def look(
    documents: Documents, collection: Collection, records: Records
) -> Surroundings:
    """Read what surrounds `records`."""
    found = list(records.values())
    return Surroundings(
        dead=_dead_parents(documents, collection, found),
        moves=_moves(documents, collection, found) if collection.path else None,
        gone=_gone(documents, collection, found) if collection.people else {},
    )


def parent_keys(collection: Collection, record: Record) -> list[tuple[str, str]]:
    """Return (collection, _id) of the documents that `record` belongs to."""
    keys = []
    for parent in collection.parents:
        id_ = record.identity.get(parent.field)
        if id_ is None and parent.field in record.told:
            id_ = record.told[parent.field][1]
        if id_ is not None:
            keys.append((parent.collection, key(record.identity["source"], id_)))
    return keys


def _dead_parents(
    documents: Documents, collection: Collection, records: Iterable[Record]
) -> frozenset[tuple[str, str]]:
    wanted: dict[str, set[str]] = {}
    for record in records:
        for name, parent in parent_keys(collection, record):
            wanted.setdefault(name, set()).add(parent)
    dead = set()
    for name, ids in wanted.items():
        query = {"_id": {"$in": sorted(ids)}, "state": "deleted"}
        with translated():
            found = documents.db[name].find(query, {"_id": 1})
            dead |= {(name, document["_id"]) for document in found}
    return frozenset(dead)


def _moves(
    documents: Documents, collection: Collection, records: Iterable[Record]
) -> Moves:
    """Return the moves that may touch the paths, read until no new path comes up."""
    told = [
        (record.identity["source"], record.told[collection.path])
        for record in records
        if collection.path in record.told
    ]
    moves: Moves = {}
    asked: set[tuple[str, str]] = set()
    while True:
        wanted = {
            (source, digest(source, prefix))
            for source, fact in told
            for step in replay(source, fact, moves, collection).paths
            for prefix in prefixes(step)
        }
        if wanted <= asked:
            return moves
        found = find_moves(documents.db, wanted - asked)
        asked |= wanted
        moves = by_old([*found, *(move for known in moves.values() for move in known)])


def _gone(
    documents: Documents, collection: Collection, records: Iterable[Record]
) -> dict[str, int]:
    wanted: dict[str, set[str]] = {}
    for record in records:
        marks = wanted.setdefault(record.identity["source"], set())
        marks.update(people(collection, record))
    gone: dict[str, int] = {}
    for source, marks in wanted.items():
        query = {"source": source, "marks": {"$in": sorted(marks)}, "state": "deleted"}
        for user in documents.find(documents.collection("users"), query).values():
            if user.deleted:
                for mark in user.marks:
                    gone[mark] = max(gone.get(mark, 0), user.deleted.received_at)
    return gone
