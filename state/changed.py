"""Say what a delivery changed: documents and names of fields, never a value."""

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.changes import Change, Delete, Mention, Move

#: The most changes, and fields of each, that a row of the ledger lists.
MAX_CHANGES, MAX_FIELDS = 20, 50


def changed(
    changes: Sequence[Change], effects: Sequence[bool]
) -> list[dict[str, Any]] | None:
    """Return what a row of the ledger says of `changes`; None if there are none.

    `effects` says of each whether it had or has an effect: if not, newer events had
    told all of it before. What changes around it, as members of a project that is
    deleted, is not listed.
    """
    pairs = zip(changes[:MAX_CHANGES], effects, strict=False)
    return [_told(change, effect=effect) for change, effect in pairs] or None


def _told(change: Change, *, effect: bool) -> dict[str, Any]:
    if isinstance(change, Move):
        # Kept whenever it comes: what it moves is looked for each time.
        collection, id_ = change.owner
        return {"collection": collection, "id": id_, "verb": "move"}
    told = {"collection": change.collection, "id": change.id, "effect": effect}
    if isinstance(change, Delete):
        return told | {"verb": "delete"}
    verb = "mention" if isinstance(change, Mention) else "put"
    return told | {"verb": verb, "fields": _names(change.fields)}


def _names(fields: Mapping[str, Any]) -> list[str]:
    return [name for name, value in fields.items() if value is not None][:MAX_FIELDS]
