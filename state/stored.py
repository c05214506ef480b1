"""Turn records into documents and back."""

from collections.abc import Mapping
from typing import Any

from handlers.changes import RESERVED
from state.collections import Collection
from state.digest import person
from state.record import Record, Told
from state.version import Version


def to_document(collection: Collection, doc_id: str, record: Record) -> dict[str, Any]:
    """Return the document of `record`: fields on top if alive, else a tombstone.

    `older` holds the versions of the fields that are older than the document's.
    """
    document: dict[str, Any] = {"_id": doc_id, **record.identity}
    fields = _fields(collection, record)
    if record.shown:
        document |= {"state": "active", **fields, **record.own}
    else:
        document |= {"state": "deleted"}
        # A parent's deletion may turn out to be none: a project can have moved away.
        document |= {"kept": {**fields, **record.own}} if record.orphan else {}
    document["version"] = list(record.version)
    document |= _bookkeeping(collection, record)
    return document


def from_document(collection: Collection, document: Mapping[str, Any]) -> Record:
    """Return the record that `document` was made of."""
    orphan = bool(document.get("orphan"))
    shown = document["kept"] if orphan else document
    version = Version.read(document["version"])
    older = document.get("older", {})
    told = {}
    identity = {"source": document["source"]}
    for name, value in shown.items():
        if name not in RESERVED and name not in collection.identity_fields:
            told[name] = (
                Version.read(older[name]) if name in older else version,
                value,
            )
    for name in collection.identity_fields:
        if name in document:
            identity[name] = document[name]
    trail = tuple(document.get("trail", ()))
    if trail and collection.path:
        told[collection.path] = (told[collection.path][0], trail[0])
    deleted = document.get("deleted")
    return Record(
        identity=identity,
        told=told,
        put=version if orphan or document["state"] == "active" else None,
        deleted=Version.read(deleted) if deleted else None,
        marks=frozenset(document.get("marks", ())),
        own={name: shown[name] for name in collection.defaults if name in shown},
        orphan=orphan,
        trail=trail,
        rev=document["rev"],
        outbox=tuple(document.get("outbox", ())),
    )


def shown(collection: Collection, record: Record | None) -> dict[str, Any]:
    """Return what is to be seen of a document: nothing if it does not live."""
    if record is None or not record.shown:
        return {}
    return {**record.identity, **_fields(collection, record), **record.own}


def people(collection: Collection, record: Record) -> list[str]:
    """Return digests of the people whom the document lists."""
    if collection.people not in record.told:
        return []
    source = record.identity["source"]
    listed = record.told[collection.people][1] or ()
    found = (person(source, entry) for entry in listed)
    return sorted({mark for mark in found if mark})


def _fields(collection: Collection, record: Record) -> dict[str, Any]:
    fields = {name: value for name, (_, value) in sorted(record.told.items())}
    if record.trail and collection.path in fields:
        fields[collection.path] = record.trail[-1]
    return fields


def _bookkeeping(collection: Collection, record: Record) -> dict[str, Any]:
    # Absent where empty: most documents bear the version and nothing else.
    kept: dict[str, Any] = {
        "older": _older(record.told, record.put),
        "deleted": list(record.deleted) if record.deleted else None,
        "orphan": record.orphan,
        "trail": list(record.trail),
        "marks": sorted(record.marks),
        "people": people(collection, record) if collection.people else None,
        "outbox": list(record.outbox),
    }
    return {name: value for name, value in kept.items() if value} | {"rev": record.rev}


def _older(told: Told, newest: Version | None) -> dict[str, list[Any]]:
    return {
        name: list(version)
        for name, (version, _) in sorted(told.items())
        if version != newest
    }
