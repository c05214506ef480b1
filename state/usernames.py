"""Find people by what they are called at the Git host, in either letter case."""

from typing import Any

from pymongo.collation import Collation, CollationStrength

from state.client import translated
from state.documents import Db

#: As the host compares them: without regard to letter case.
_ANY_CASE = Collation(locale="en", strength=CollationStrength.SECONDARY)
_ACTIVE: dict[str, Any] = {"state": "active"}


def index_usernames(db: Db) -> None:
    """Have MongoDB find active users by name."""
    db["users"].create_index(
        "username",
        name="username_any_case",
        collation=_ANY_CASE,
        partialFilterExpression=_ACTIVE,
    )


def called(db: Db, username: str) -> list[str]:
    """Return the `_id`s of active users with that name, of all hosts; at most two."""
    with translated():
        found = db["users"].find({"username": username, **_ACTIVE}, {"_id": 1})
        return [row["_id"] for row in found.collation(_ANY_CASE).limit(2)]
