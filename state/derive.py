"""Decide what a document's surroundings make of it; pure."""

from dataclasses import replace
from typing import Any

from state.collections import Collection
from state.digest import person
from state.paths import Trail, replay
from state.record import Record
from state.surroundings import Surroundings, parent_keys


def derive(collection: Collection, record: Record, around: Surroundings) -> Record:
    """Return `record` as its surroundings make it: orphaned, moved, people left out."""
    if not record.lives:
        return replace(record, orphan=False, trail=())
    trail = _trail(collection, record, around)
    if trail.gone:
        return _erased(record)
    orphan = any(parent in around.dead for parent in parent_keys(collection, record))
    return replace(
        record,
        orphan=orphan or _was_erased(collection, record),
        trail=trail.paths,
        told=_without_the_gone(collection, record, around),
    )


def _trail(collection: Collection, record: Record, around: Surroundings) -> Trail:
    if collection.path not in record.told:
        return Trail(())
    version, path = record.told[collection.path]
    source = record.identity["source"]
    trail = replay(source, path, version, around.moves or {}, collection.moved_by)
    # Only what belongs to a person by name goes with the person; projects and groups
    # have an event of their own, and a path may be somebody else's by now.
    by_name_only = collection.moved_by == ("users",)
    return trail if by_name_only else Trail(trail.paths)


def _erased(record: Record) -> Record:
    return replace(record, told={}, orphan=True, trail=())


def _was_erased(collection: Collection, record: Record) -> bool:
    by_name_only = collection.moved_by == ("users",)
    return by_name_only and record.orphan and collection.path not in record.told


def _without_the_gone(
    collection: Collection, record: Record, around: Surroundings
) -> Any:
    if not around.gone or collection.people not in record.told:
        return record.told
    version, listed = record.told[collection.people]
    source = record.identity["source"]
    left = [entry for entry in listed if person(source, entry) not in around.gone]
    return {**record.told, collection.people: (version, left)}
