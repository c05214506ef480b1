"""Read and write documents, each write guarded by the revision that was read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from pymongo import InsertOne, ReplaceOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from handlers.changes import Id
from schemas.errors import StateUnavailable
from state.client import is_duplicate, translated
from state.collections import Collection, undeclared
from state.outbox import Watched, entry
from state.record import Record
from state.stored import from_document, shown, to_document
from state.timing import Timed, timing, untimed

Db: TypeAlias = Database[dict[str, Any]]
Records: TypeAlias = dict[str, Record]

#: Rounds of reading and writing again until this worker's write comes through; in each
#: round at least one of the racing workers gets ahead.
MAX_ROUNDS = 1_000


class Documents:
    """The documents of one database, as records."""

    def __init__(
        self,
        db: Db,
        declared: Mapping[str, Collection],
        *,
        max_rounds: int = MAX_ROUNDS,
        timed: Timed = untimed,
        watched: Watched | None = None,
    ) -> None:
        """Tell `timed` how long each write takes, by collection.

        Transitions that are `watched` are written into the documents' outboxes.
        """
        self.db = db
        self.watched = watched or {}
        #: (collection, `_id`) of documents whose outbox may have got something new.
        self.told: set[tuple[str, str]] = set()
        self._timed = timed
        self._declared = declared
        self._max_rounds = max_rounds

    def collection(self, name: str) -> Collection:
        """Return how collection `name` was declared, or the plain way."""
        return self._declared.get(name) or undeclared(name)

    def take_told(self) -> set[tuple[str, str]]:
        """Return, once, which outboxes may have got something new."""
        taken, self.told = self.told, set()
        return taken

    def children_of(self, name: str) -> list[tuple[Collection, str]]:
        """Return the collections below `name`, with the field that holds its id."""
        return [
            (collection, parent.field)
            for collection in self._declared.values()
            for parent in collection.parents
            if parent.collection == name
        ]

    def with_paths(self, owner: str) -> list[Collection]:
        """Return the collections whose paths moves of `owner` change."""
        return [
            collection
            for collection in self._declared.values()
            if owner in collection.moved_by
        ]

    def with_people(self) -> list[Collection]:
        """Return the collections that list people."""
        return [found for found in self._declared.values() if found.people]

    def find(self, collection: Collection, query: Mapping[str, Any]) -> Records:
        """Return the records of the documents that match."""
        with translated():
            return {
                document["_id"]: from_document(collection, document)
                for document in self.db[collection.name].find(query)
            }

    def update(
        self,
        collection: Collection,
        ids: Iterable[str],
        change: Callable[[set[str], Records], Records],
    ) -> Records:
        """Apply `change` to what `ids` hold now, and return the records that then are.

        `change` gets the ids and the records that exist, and returns the records to be,
        existing or new; it is called again for what another worker wrote in between.
        """
        pending = set(ids)
        done: Records = {}
        for _ in range(self._max_rounds):
            if not pending:
                return done
            before = self.find(collection, {"_id": {"$in": sorted(pending)}})
            after = change(pending, before)
            writes = {
                doc_id: record
                for doc_id, record in after.items()
                if record != before.get(doc_id)
            }
            lost = self._write(collection, writes, before)
            done |= {
                doc_id: replace(record, rev=record.rev + (doc_id in writes))
                for doc_id, record in after.items()
                if doc_id not in lost
            }
            pending = lost
        raise StateUnavailable("too many workers write the same documents")

    def _write(
        self, collection: Collection, writes: Records, before: Records
    ) -> set[str]:
        """Write the documents; return the ids whose write must be repeated."""
        if not writes:
            return set()
        operations: list[InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]]] = []
        for doc_id, record in writes.items():
            found = before.get(doc_id)
            telling = self._telling(collection, doc_id, found, record)
            document = to_document(collection, doc_id, telling)
            document["rev"] += 1
            if found:
                guard = {"_id": doc_id, "rev": record.rev}
                operations.append(ReplaceOne(guard, document))
            else:
                operations.append(InsertOne(document))
        return self._lost(collection, operations, list(writes))

    def _telling(
        self, collection: Collection, doc_id: str, before: Record | None, after: Record
    ) -> Record:
        """Return `after` with what is to be published, of this write and before."""
        outbox = before.outbox if before else ()
        if collection.name in self.watched:
            was, is_ = shown(collection, before), shown(collection, after)
            watches = self.watched[collection.name]
            told = entry(watches, was, is_, after.rev + 1)
            if told:
                self.told.add((collection.name, doc_id))
                outbox = (*outbox, told)
        return replace(after, outbox=outbox) if outbox else after

    def _lost(
        self, collection: Collection, operations: list[Any], ids: list[str]
    ) -> set[str]:
        with translated(), timing(self._timed, collection.name):
            try:
                result = self.db[collection.name].bulk_write(operations, ordered=False)
                written = result.inserted_count + result.matched_count
            except BulkWriteError as exc:
                if not is_duplicate(exc):
                    raise
                written = exc.details["nInserted"] + exc.details["nMatched"]
        # The server counts what it wrote but does not say which: repeat them all, since
        # folding an event a second time changes nothing.
        return set(ids) if written < len(ids) else set()


def key(source: str, id_: Id) -> str:
    """Return the `_id` of a document."""
    return f"{source}:{id_}"
