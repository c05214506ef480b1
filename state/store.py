"""Write what handlers declared, so that order and repetition make no difference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from handlers.changes import Change, Delete, Mention, Move, Put
from state.client import translated
from state.collections import Collection, declare
from state.digest import digests
from state.documents import Db, Documents, Records, key
from state.moves import keep_moves
from state.outbox import Watched
from state.record import Record, fold, knows
from state.settle import derived, settle
from state.timing import Timed, untimed
from state.version import Stamp, version_of


@dataclass(frozen=True, slots=True)
class Decided:
    """What a handler made of one event."""

    stamp: Stamp
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Edit:
    """One change to one document, and the place of its event in the batch."""

    event: int
    change: Put | Mention | Delete
    stamp: Stamp
    #: The place of the change in its event.
    place: int


class Store:
    """The state: users, projects, groups, memberships and what else handlers keep."""

    def __init__(
        self,
        db: Db,
        team: str,
        *,
        timed: Timed = untimed,
        watched: Watched | None = None,
    ) -> None:
        """Tell `timed` how long each write takes, by collection.

        Transitions that are `watched` are left in the documents, to be published.
        """
        self._team = team
        #: Sources whose team this process has seen to.
        self._teams: set[str] = set()
        self.documents = Documents(db, declare(team), timed=timed, watched=watched)

    def apply(self, batch: Sequence[Decided]) -> list[bool]:
        """Write the changes of `batch` by a majority; return which events had effect.

        False means that newer events had told all of it before. Raise Unstorable when
        MongoDB can never take a change (of any of them), StateUnavailable when it is
        away; in both cases the same batch may be applied again.
        """
        return [any(effects) for effects in self.effects_of(batch)]

    def effects_of(self, batch: Sequence[Decided]) -> list[list[bool]]:
        """Do what `apply` does; return for each event which changes had effect."""
        had_effect = [[False] * len(decided.changes) for decided in batch]
        touched: dict[str, Records] = {}
        for name, edits in _by_document(batch).items():
            touched[name] = self._write(name, edits, had_effect)
        moves = [
            (decided.stamp, change)
            for decided in batch
            for change in decided.changes
            if isinstance(change, Move)
        ]
        keep_moves(self.documents.db, moves)
        self._make_teams(touched.get("users", {}))
        settle(self.documents, touched, moves)
        return had_effect

    def _write(
        self,
        name: str,
        edits: Mapping[str, list[_Edit]],
        had_effect: list[list[bool]],
    ) -> Records:
        collection = self.documents.collection(name)

        def fold_all(pending: set[str], before: Records) -> Records:
            after = {}
            for doc_id in pending:
                record = before.get(doc_id) or _begun(collection, edits[doc_id][0])
                for edit in edits[doc_id]:
                    record, effect = _fold(collection, record, edit)
                    had_effect[edit.event][edit.place] |= effect
                after[doc_id] = _complete(collection, record)
            if name not in self.documents.watched:
                return after
            # What is brought in step only afterwards would seem to change twice.
            return derived(self.documents, collection, after)

        return self.documents.update(collection, edits, fold_all)

    def _make_teams(self, users: Records) -> None:
        """Make the team that users who became known belong to, if it is missing."""
        sources = {user.identity["source"] for user in users.values() if user.rev == 1}
        sources |= {user.identity["source"] for user in users.values()} - self._teams
        for source in sources:
            with translated():
                self.documents.db["teams"].update_one(
                    {"_id": key(source, self._team)},
                    {"$setOnInsert": {"source": source, "name": self._team}},
                    upsert=True,
                )
        self._teams |= sources


def _by_document(batch: Sequence[Decided]) -> dict[str, dict[str, list[_Edit]]]:
    """Return the edits by collection and document, each in the order of the batch."""
    edits: dict[str, dict[str, list[_Edit]]] = {}
    for event, decided in enumerate(batch):
        for place, change in enumerate(decided.changes):
            if isinstance(change, Move):
                continue
            doc_id = key(decided.stamp.source, change.id)
            edit = _Edit(event, change, decided.stamp, place)
            edits.setdefault(change.collection, {}).setdefault(doc_id, []).append(edit)
    return edits


def _begun(collection: Collection, edit: _Edit) -> Record:
    """Return the record of a document of which nothing was told before `edit`."""
    identity = {"source": edit.stamp.source, **collection.identity(edit.change.id)}
    return Record(identity=identity)


def _fold(collection: Collection, record: Record, edit: _Edit) -> tuple[Record, bool]:
    """Return the record after `edit`, and whether the edit had or has an effect."""
    change, source = _told(collection, edit.change), edit.stamp.source
    version = version_of(change, edit.stamp, by_row=collection.by_row)
    marks = digests(source, _known_by(collection, change))
    folded = fold(record, change, version, final=collection.final, marks=marks)
    return folded, folded != record or knows(folded, version)


def _known_by(
    collection: Collection, change: Put | Mention | Delete
) -> Iterable[str | None]:
    if isinstance(change, Delete):
        return change.known_by
    return [change.fields.get(name) for name in collection.known_by]


def _told(
    collection: Collection, change: Put | Mention | Delete
) -> Put | Mention | Delete:
    """Return `change` without what the id says already."""
    if (
        isinstance(change, Delete)
        or not collection.identity_fields & change.fields.keys()
    ):
        return change
    told = {
        name: value
        for name, value in change.fields.items()
        if name not in collection.identity_fields
    }
    return replace(change, fields=told)


def _complete(collection: Collection, record: Record) -> Record:
    """Give a record what it starts with; begin its trail anew if a path was told."""
    if record.lives and collection.defaults and not record.own:
        record = replace(record, own=dict(collection.defaults))
    path = record.told.get(collection.path, (None, None))[1]
    if path is not None and record.trail[:1] != (path,):
        record = replace(record, trail=(path,))
    return record
