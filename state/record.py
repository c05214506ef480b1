"""Fold what events tell of one document; the order in which they are folded is free."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from handlers.changes import NULL, Delete, Mention, Put
from state.version import Version

Told: TypeAlias = Mapping[str, tuple[Version, Any]]


@dataclass(frozen=True, slots=True)
class Record:
    """What events told of one document, and what its surroundings made of it."""

    #: The source and the host's ids: what even a tombstone says.
    identity: Mapping[str, Any]
    #: Each field's value, with the version of the event that told it.
    told: Told = field(default_factory=dict)
    #: The newest event that told anything, and the newest that deleted.
    put: Version | None = None
    deleted: Version | None = None
    #: Digests under which other documents may show a person who is gone.
    marks: frozenset[str] = frozenset()
    #: Fields that are ours, not the host's; kept as they are.
    own: Mapping[str, Any] = field(default_factory=dict)
    #: From the surroundings: a parent is deleted.
    orphan: bool = False
    #: From the surroundings: the path as told, then after each move.
    trail: tuple[str, ...] = ()
    #: Counts the writes, so that a write finds out that another one came between.
    rev: int = 0
    #: Transitions that are to be published; no part of what the document is.
    outbox: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)

    @property
    def lives(self) -> bool:
        """Return whether its own events left it alive; its parents are not asked."""
        if self.put is None:
            return False
        return self.deleted is None or self.deleted < self.put

    @property
    def shown(self) -> bool:
        """Return whether it is alive, and its parents too."""
        return self.lives and not self.orphan

    @property
    def version(self) -> Version:
        """Return the version of the newest event that counts."""
        return max(version for version in (self.put, self.deleted) if version)


def fold(
    record: Record,
    change: Put | Mention | Delete,
    version: Version,
    *,
    final: bool,
    marks: frozenset[str] = frozenset(),
) -> Record:
    """Return `record` with `change` folded in, or `record` itself if it is too old.

    `final`: the id is never used again, so that a deletion is the last word. `marks`
    are kept whatever the version: the person was once known by them.
    """
    if not marks <= record.marks:
        record = replace(record, marks=record.marks | marks)
    if isinstance(change, Delete):
        return _delete(record, version, final=final)
    return _put(record, change, version, final=final)


def knows(record: Record, version: Version) -> bool:
    """Return whether the event of `version` left its mark, in this run or before."""
    told = (version_told for version_told, _ in record.told.values())
    return version in (record.put, record.deleted) or version in told


def _put(
    record: Record, change: Put | Mention, version: Version, *, final: bool
) -> Record:
    if record.deleted and (final or version <= record.deleted):
        return record
    told = dict(record.told)
    for name, value in change.fields.items():
        if value is None or (name in told and told[name][0] >= version):
            continue
        told[name] = (version, None if value is NULL else value)
    put = max(record.put, version) if record.put else version
    if put == record.put and told == record.told:
        return record
    return replace(record, told=told, put=put)


def _delete(record: Record, version: Version, *, final: bool) -> Record:
    deleted = max(record.deleted, version) if record.deleted else version
    if final:
        # Nothing readable is left.
        return Record(
            identity=record.identity,
            deleted=deleted,
            marks=record.marks,
            rev=record.rev,
        )
    told = {name: fact for name, fact in record.told.items() if fact[0] > deleted}
    put = record.put if record.put and record.put > deleted else None
    return replace(record, told=told, put=put, deleted=deleted)
