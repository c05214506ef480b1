"""Decide what a document's surroundings make of it; pure."""

from dataclasses import replace
from typing import Any

from state.collections import Collection
from state.digest import person
from state.paths import Trail, replay
from state.record import Record
from state.surroundings import Surroundings, parent_keys
from state.version import from_micros


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
    told, source = record.told[collection.path], record.identity["source"]
    return replay(source, told, around.moves or {}, collection)


def _erased(record: Record) -> Record:
    return replace(record, told={}, orphan=True, trail=())


def _was_erased(collection: Collection, record: Record) -> bool:
    gone = record.orphan and collection.path not in record.told
    return collection.by_name and gone


def _without_the_gone(
    collection: Collection, record: Record, around: Surroundings
) -> Any:
    if not around.gone or collection.people not in record.told:
        return record.told
    version, listed = record.told[collection.people]
    source = record.identity["source"]
    left = [
        entry
        for entry in listed
        # Who is listed later is somebody else, or the same person come back.
        if from_micros(around.gone.get(person(source, entry) or "", 0)) < version.time
    ]
    return {**record.told, collection.people: (version, left)}
