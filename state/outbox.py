"""Keep the transitions of a document in the document, until they are published.

The write that makes a transition writes it down, so no crash comes between the two.
Whoever publishes it takes it out afterwards: a crash between these publishes it twice,
under the same number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bson import encode
from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from state.client import translated

Db: TypeAlias = Database[dict[str, Any]]
#: What is shown of a document; empty if it is deleted or was never there.
Shown: TypeAlias = Mapping[str, Any]

INDEX = "outbox"


@dataclass(frozen=True, slots=True)
class Watch:
    """The transitions of a collection that somebody wants, and the fields for them."""

    kinds: frozenset[str]
    fields: frozenset[str] = frozenset()

    def wants(self, kind: str, changed: Iterable[str]) -> bool:
        """Return whether a transition is wanted in which fields `changed` differ."""
        concerns = not self.fields or not self.fields.isdisjoint(changed)
        return kind in self.kinds and (kind != "changed" or concerns)


#: By collection; what nobody watches is not in it.
Watched: TypeAlias = Mapping[str, Sequence[Watch]]


@dataclass(frozen=True, slots=True)
class Left:
    """A transition that stands in a document and is still to be published."""

    collection: str
    doc_id: str
    source: str
    #: The document's revision that the transition made.
    rev: int
    kind: str
    changed: tuple[str, ...]
    before: Shown = field(repr=False)
    after: Shown = field(repr=False)


def entry(
    watches: Iterable[Watch], before: Shown, after: Shown, rev: int
) -> dict[str, Any] | None:
    """Return what to write down of a write to revision `rev`, or None; pure."""
    changed = _changed(before, after)
    kind = _kind(before, after)
    wanting = [watch for watch in watches if watch.wants(kind, changed)]
    if not changed or not wanting:
        return None
    fields = frozenset[str]().union(*(watch.fields for watch in wanting))
    return {
        "rev": rev,
        "kind": kind,
        "changed": changed,
        "before": {name: before[name] for name in sorted(fields & before.keys())},
        "after": {name: after[name] for name in sorted(fields & after.keys())},
    }


def index_outboxes(db: Db, watched: Watched) -> None:
    """Make what is left in documents be found; the indexes are empty as a rule."""
    with translated():
        for name in watched:
            db[name].create_index([("outbox.rev", 1)], name=INDEX, sparse=True)


def left(db: Db, name: str, limit: int, ids: Sequence[str] | None = None) -> list[Left]:
    """Return what is left in up to `limit` documents of a collection, or in `ids`."""
    query: dict[str, Any] = {"outbox.rev": {"$exists": True}}
    query |= {} if ids is None else {"_id": {"$in": list(ids)}}
    # Only what a majority has: anything else may be rolled back.
    found = db[name].with_options(read_concern=ReadConcern("majority"))
    with translated():
        documents = found.find(
            query,
            {"source": 1, "outbox": 1},
            limit=limit,
            hint=INDEX if ids is None else "_id_",
        )
        return [
            _left(name, document, told)
            for document in documents
            for told in document["outbox"]
        ]


def remove(db: Db, published: Iterable[Left]) -> None:
    """Take out what was published; doing so twice changes nothing."""
    revs: dict[tuple[str, str], list[int]] = {}
    for it in published:
        revs.setdefault((it.collection, it.doc_id), []).append(it.rev)
    writes: dict[str, list[UpdateOne]] = {}
    for (name, doc_id), numbers in revs.items():
        guard = {"_id": doc_id, "outbox.rev": {"$in": numbers}}
        writes.setdefault(name, []).append(UpdateOne(guard, _without(numbers)))
    with translated():
        for name, operations in writes.items():
            db[name].bulk_write(operations, ordered=False)


def _changed(before: Shown, after: Shown) -> list[str]:
    one_sided = before.keys() ^ after.keys()
    both = before.keys() & after.keys()
    return sorted(one_sided | {it for it in both if _differ(before[it], after[it])})


def _differ(one: Any, other: Any) -> bool:
    # What is read has times in milliseconds and lists for tuples; that is no change.
    with translated():
        return one != other and encode({"": one}) != encode({"": other})


def _kind(before: Shown, after: Shown) -> str:
    if not before:
        return "created"
    return "changed" if after else "deleted"


def _left(name: str, document: Mapping[str, Any], told: Mapping[str, Any]) -> Left:
    return Left(
        collection=name,
        doc_id=document["_id"],
        source=document["source"],
        rev=told["rev"],
        kind=told["kind"],
        changed=tuple(told["changed"]),
        before=told["before"],
        after=told["after"],
    )


def _without(revs: list[int]) -> list[dict[str, Any]]:
    others = {"$not": [{"$in": ["$$this.rev", revs]}]}
    rest = {"$filter": {"input": "$outbox", "cond": others}}
    is_empty = {"$eq": ["$outbox", []]}
    return [
        {"$set": {"outbox": rest}},
        {
            "$set": {
                "outbox": {"$cond": [is_empty, "$$REMOVE", "$outbox"]},
                # Who has read it before must not write back what is taken out.
                "rev": {"$add": ["$rev", 1]},
            }
        },
    ]
