"""Keep the moves of groups and users; the old paths, often names, only as digests."""

from collections.abc import Iterable
from typing import Any

from pymongo import UpdateOne

from handlers.changes import Move
from state.client import translated
from state.digest import digest
from state.documents import Db, key
from state.paths import Moved
from state.version import Stamp, Version, version_of


def keep_moves(db: Db, moves: Iterable[tuple[Stamp, Move]]) -> None:
    """Write the moves; writing one twice changes nothing."""
    operations = [_insert(stamp, move) for stamp, move in moves]
    if operations:
        with translated():
            db["moves"].bulk_write(operations, ordered=False)


def close_moves(db: Db, dead: Iterable[str]) -> None:
    """Erase where the moves of the deleted users `dead` (their `_id`s) led to.

    It would be personal data; what was below the old path then counts as gone.
    """
    owners = [f"users/{doc_id}" for doc_id in dead]
    if owners:
        with translated():
            db["moves"].update_many(
                {"owner": {"$in": owners}, "new": {"$ne": None}},
                {"$set": {"new": None}},
            )


def find_moves(db: Db, wanted: Iterable[tuple[str, str]]) -> list[Moved]:
    """Return the moves away from the old paths `wanted`, (source, digest) each."""
    olds: dict[str, list[str]] = {}
    for source, old in wanted:
        olds.setdefault(source, []).append(old)
    with translated():
        return [
            _read(document)
            for source, known in olds.items()
            for document in db["moves"].find({"source": source, "old": {"$in": known}})
        ]


def _insert(stamp: Stamp, move: Move) -> UpdateOne:
    collection, id_ = move.owner
    document = {
        "source": stamp.source,
        "owner": f"{collection}/{key(stamp.source, id_)}",
        "old": digest(stamp.source, move.old),
        "new": move.new,
        "version": list(version_of(move, stamp, by_row=False)),
    }
    # One delivery may move several paths.
    doc_id = key(stamp.source, f"{stamp.delivery_id}:{document['old']}")
    return UpdateOne({"_id": doc_id}, {"$setOnInsert": document}, upsert=True)


def _read(document: dict[str, Any]) -> Moved:
    return Moved(
        old=document["old"],
        new=document["new"],
        version=Version.read(document["version"]),
        owner=document["owner"].partition("/")[0],
    )
