"""Say what a delivery changed: documents and names of fields, never a value."""

from collections.abc import Sequence
from typing import Any

from handlers.changes import Change, Delete, Mention, Move, Put

#: The most changes, and fields of each, that a row of the ledger lists.
MAX_CHANGES, MAX_FIELDS = 20, 50
_VERBS: dict[type[Change], str] = {Put: "put", Mention: "mention", Delete: "delete"}


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
    told: dict[str, Any] = {
        "collection": change.collection,
        "id": change.id,
        "verb": _VERBS[type(change)],
        "effect": effect,
    }
    if not isinstance(change, Delete):
        names = [name for name, value in change.fields.items() if value is not None]
        told["fields"] = names[:MAX_FIELDS]
    return told
