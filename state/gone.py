"""Tell whether a payload names somebody who was destroyed at the host."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from state.client import translated
from state.digest import digest
from state.documents import Documents, key
from state.forget import destroyed
from state.person import entries, is_about

#: So many ids and texts of a payload are looked at, and so many people are tried.
_MOST, _MOST_PEOPLE = 1_000, 50
#: Names, usernames and addresses are no longer than this.
_MAX_CHARS = 255


def names_the_gone(
    documents: Documents, source: str, payload: Mapping[str, Any], received: datetime
) -> bool:
    """Return whether `payload` is about somebody who is destroyed.

    Raise StateUnavailable.
    """
    return any(
        is_about(destroyed(documents, source, user_id), payload, received)
        for user_id in _suspected(documents, source, payload)
    )


def _suspected(
    documents: Documents, source: str, payload: Mapping[str, Any]
) -> Iterator[int]:
    """Yield the ids of destroyed users who bear an id or a text of the payload."""
    digests = [digest(source, text) for text in islice(_texts(payload), _MOST)]
    by_id = [key(source, number) for number in islice(_ids(payload), _MOST)]
    with translated():
        moves = documents.db["moves"].find({"source": source, "old": {"$in": digests}})
        owners = {move["owner"].removeprefix("users/") for move in moves}
        found = documents.db["users"].find(
            {
                "source": source,
                "deleted": {"$exists": True},
                "$or": [
                    {"_id": {"$in": [*by_id, *owners]}},
                    # Said twice, so that the index of those who have any serves.
                    {"marks": {"$in": digests, "$exists": True}, "source": source},
                ],
            }
        )
        yield from [user["user_id"] for user in found.limit(_MOST_PEOPLE)]


def _ids(payload: Mapping[str, Any]) -> Iterator[int]:
    for _, entry in entries(payload):
        for name, value in entry.items():
            if name.endswith(("id", "ids")):
                listed = value if isinstance(value, list) else [value]
                yield from (it for it in listed if type(it) is int)


def _texts(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield what may be a name, and the first part of what may be a path."""
    for _, entry in entries(payload):
        for value in entry.values():
            if isinstance(value, str) and 0 < len(value) <= _MAX_CHARS:
                yield value
                yield value.partition("/")[0]
