"""Tell what events would change in a real state, and change nothing.

They are applied by the real store, within a transaction that is always rolled back: so
what lies below a renamed group, or goes with a deleted user, is told as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pymongo import WriteConcern

from handlers.changes import RESERVED
from state.client import translated
from state.collections import Collection, declare
from state.documents import Db, Documents, Records
from state.store import Decided, Store

#: The fields that the state keeps for itself, but for those that people look at.
_HIDDEN = RESERVED - {"state", "teams"}

Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One document before and after; None where it is not there."""

    collection: str
    id: str
    before: Fields | None
    after: Fields | None

    @property
    def names(self) -> list[str]:
        """Return the fields that differ, in their order."""
        before, after = self.before or {}, self.after or {}
        missing = object()
        return [
            name
            for name in sorted({*before, *after})
            if before.get(name, missing) != after.get(name, missing)
        ]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Whether newer events had told all of it, and which documents would differ."""

    outcome: str
    differences: Sequence[Difference]


def rehearse(db: Db, team: str, decided: Decided) -> Rehearsal:
    """Return what `decided` would change; raise StateUnavailable, or Unstorable.

    Documents that it touches are locked for the moment that it takes, so that a worker
    waits for it. The account of the URL must be one that may write.
    """
    # A transaction has one write concern: its own.
    db = db.with_options(write_concern=WriteConcern())
    with (
        translated(),
        db.client.start_session() as session,
        session.bind(end_session=False),
    ):
        session.start_transaction()
        try:
            return _rehearsed(db, team, decided)
        finally:
            session.abort_transaction()


class _Watched(Documents):
    """Documents that remember what each was before it was written first."""

    def __init__(self, db: Db, declared: Mapping[str, Collection]) -> None:
        super().__init__(db, declared)
        #: By collection and `_id`, in the order in which they were touched.
        self.before: dict[tuple[str, str], Fields | None] = {}

    def update(
        self,
        collection: Collection,
        ids: Iterable[str],
        change: Callable[[set[str], Records], Records],
    ) -> Records:
        """Do what Documents does, but look at what is there before."""
        ids = list(ids)
        for doc_id in ids:
            if (collection.name, doc_id) not in self.before:
                found = self.look(collection.name, doc_id)
                self.before[collection.name, doc_id] = found
        return super().update(collection, ids, change)

    def look(self, name: str, doc_id: str) -> Fields | None:
        """Return the fields of a document that people look at."""
        found = self.db[name].find_one({"_id": doc_id})
        if found is None:
            return None
        return {key: it for key, it in found.items() if key not in _HIDDEN}


def _rehearsed(db: Db, team: str, decided: Decided) -> Rehearsal:
    store = Store(db, team)
    store.documents = watched = _Watched(db, declare(team))
    (effects,) = store.effects_of([decided])
    outcome = "applied" if any(effects) else "stale"
    found = [
        Difference(name, doc_id, before, watched.look(name, doc_id))
        for (name, doc_id), before in watched.before.items()
    ]
    return Rehearsal(outcome, [it for it in found if it.names])
