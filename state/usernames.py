"""Find people by what they are called at the Git host, in either letter case."""

from state.client import translated
from state.documents import Db
from state.orders import ANY_CASE


def called(db: Db, username: str) -> list[str]:
    """Return the `_id`s of active users with that name, of all hosts; at most two."""
    wanted = {"state": "active", "username": username}
    with translated():
        # Compared as the index behind the order of usernames is, so that it is used.
        found = db["users"].find(wanted, {"_id": 1})
        return [row["_id"] for row in found.collation(ANY_CASE).limit(2)]
