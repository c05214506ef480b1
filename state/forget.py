"""Find what the state still holds of a destroyed user, and erase it."""

from datetime import datetime

from schemas.errors import ForgewireError
from state.client import translated
from state.derive import derive
from state.documents import Documents, key
from state.person import Person
from state.record import Record
from state.settle import settle
from state.surroundings import look
from state.version import Version

#: All that a tombstone has.
_TOMBSTONE = frozenset(
    {"_id", "source", "user_id", "state", "version", "deleted", "marks", "rev"}
)


class NotDestroyed(ForgewireError):
    """Raised when the host has not told that the user was destroyed."""


def destroyed(documents: Documents, source: str, user_id: int) -> Person:
    """Return by what the destroyed user can be recognised; raise NotDestroyed."""
    record = _user(documents, source, user_id)
    if record is None:
        raise NotDestroyed(f"{source} told nothing of a user {user_id}")
    if record.deleted is None:
        raise NotDestroyed(f"{source} did not tell that user {user_id} was destroyed")
    return Person(source, user_id, record.marks, _usernames(documents, record))


def erase(documents: Documents, person: Person) -> None:
    """Bring in step again all that bears upon the user; it may be done twice."""
    record = _user(documents, person.source, person.user_id)
    if record is not None:
        doc_id = key(person.source, person.user_id)
        settle(documents, {"users": {doc_id: record}}, [])


def remains(documents: Documents, person: Person) -> list[str]:
    """Return which documents still tell of the user: `projects/gitlab:74`."""
    return [
        *_readable(documents, person),
        *_leading_to(documents, person),
        *_listing(documents, person),
    ]


def _readable(documents: Documents, person: Person) -> list[str]:
    doc_id = key(person.source, person.user_id)
    with translated():
        tombstone = documents.db["users"].find_one({"_id": doc_id}) or {}
    return [f"users/{doc_id}"] if tombstone.keys() - _TOMBSTONE else []


def _leading_to(documents: Documents, person: Person) -> list[str]:
    """Return the moves that still tell a username."""
    owner = f"users/{key(person.source, person.user_id)}"
    with translated():
        moves = documents.db["moves"].find({"owner": owner, "new": {"$ne": None}})
        return [f"moves/{move['_id']}" for move in moves]


def _listing(documents: Documents, person: Person) -> list[str]:
    """Return what lists the person, and would not if it were brought in step."""
    query = {"source": person.source, "people": {"$in": sorted(person.marks)}}
    found = []
    for collection in documents.with_people():
        records = documents.find(collection, query)
        around = look(documents, collection, records)
        found += [
            f"{collection.name}/{doc_id}"
            for doc_id, record in sorted(records.items())
            if derive(collection, record, around) != record
        ]
    return found


def _user(documents: Documents, source: str, user_id: int) -> Record | None:
    doc_id = key(source, user_id)
    found = documents.find(documents.collection("users"), {"_id": doc_id})
    return found.get(doc_id)


def _usernames(documents: Documents, user: Record) -> dict[str, datetime]:
    """Return digests of the usernames, with the time until which they were theirs."""
    owner = f"users/{key(user.identity['source'], user.identity['user_id'])}"
    with translated():
        moves = list(documents.db["moves"].find({"owner": owner}))
    return {move["old"]: Version.read(move["version"]).time for move in moves}
