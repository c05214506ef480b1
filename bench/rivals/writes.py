"""The two writes of one event, as they would be without Forgewire.

The document that the event is about is upserted, then a row of a ledger is inserted:
the same for each rival. Nothing is validated, and whatever comes last overwrites.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError


@dataclass(frozen=True, slots=True)
class Entity:
    """The document that an event is about, and what the event tells of it."""

    collection: str
    id: str
    fields: dict[str, Any]


def connect(url: str) -> Database:
    """Return the database that `url` names, written to by a majority, journaled."""
    client: MongoClient = MongoClient(url, tz_aware=True)
    return client.get_default_database(write_concern=WriteConcern(w="majority", j=True))


def entity(event: str, payload: dict[str, Any]) -> Entity:
    """Return what `payload` is about."""
    collection, identity, names = _ABOUT[event]
    told = payload.get("object_attributes") or payload
    ids = [event] if collection == "activity" else []
    ids += [str(told[name]) for name in identity]
    fields = {name: told[name] for name in (*identity, *names) if name in told}
    return Entity(collection, ":".join(ids), fields)


def row(delivery_id: str, event: str, about: Entity) -> dict[str, Any]:
    """Return the row of the ledger."""
    return {
        "_id": delivery_id,
        "delivery_id": delivery_id,
        "event": event,
        "outcome": "applied",
        "entity": f"{about.collection}/{about.id}",
        "processed_at": datetime.now(UTC),
    }


def write(db: Database, delivery_id: str, event: str, payload: dict[str, Any]) -> None:
    """Write what one event tells; to do so again does no harm."""
    about = entity(event, payload)
    db[about.collection].update_one(
        {"_id": about.id}, {"$set": about.fields}, upsert=True
    )
    with suppress(DuplicateKeyError):  # when it is delivered again
        db["deliveries"].insert_one(row(delivery_id, event, about))


_PUSH = (
    "activity",
    ("project_id", "after"),
    ("user_id", "ref", "before", "total_commits_count"),
)
_PROJECT_MEMBER = (
    "memberships",
    ("project_id", "user_id"),
    ("access_level", "created_at", "updated_at"),
)
_USER = ("users", ("user_id",), ("username", "name", "email", "updated_at"))
_PROJECT = (
    "projects",
    ("project_id",),
    ("name", "path", "path_with_namespace", "owners", "updated_at"),
)
#: The collection of each event, what identifies a document, and what else is kept.
_ABOUT = {
    "push": _PUSH,
    "tag_push": _PUSH,
    "repository_update": ("activity", ("project_id",), ("user_id", "refs", "changes")),
    "merge_request": (
        "activity",
        ("target_project_id", "iid"),
        ("title", "state", "action", "source_branch", "target_branch", "updated_at"),
    ),
    "user_add_to_team": _PROJECT_MEMBER,
    "user_update_for_team": _PROJECT_MEMBER,
    "user_remove_from_team": _PROJECT_MEMBER,
    "user_add_to_group": (
        "memberships",
        ("group_id", "user_id"),
        ("group_access", "expires_at", "created_at", "updated_at"),
    ),
    "user_create": _USER,
    "user_rename": _USER,
    "project_create": _PROJECT,
    "project_update": _PROJECT,
    "key_create": ("keys", ("id",), ("username", "created_at", "updated_at")),
}
