"""List what people and programs may do, and who decided it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state.client import translated
from state.documents import Db
from state.standing import WHAT_IS_LOOKED_AT, Allowed, Standing, judge


@dataclass(frozen=True, slots=True)
class Listed:
    """A standing, and who decided it, when; None if nobody did."""

    standing: Standing
    by: str | None
    at: datetime | None


class Roster:
    """The collections `users` and `accounts`, side by side."""

    def __init__(self, db: Db, team: str, default_role: str | None) -> None:
        self._rows = db["accounts"]
        self._users = db["users"]
        self._allowed = Allowed(team, default_role)

    def one(self, subject: str) -> Listed:
        """Return what there is about a subject."""
        with translated():
            row = self._rows.find_one({"_id": subject})
            user = self._users.find_one({"_id": subject}, WHAT_IS_LOOKED_AT)
        return self._listed(subject, user or {}, row or {})

    def decided(self) -> Iterator[Listed]:
        """Yield those of whom something was decided, by their subjects."""
        with translated():
            for row, user in self._decided():
                yield self._listed(row["_id"], user, row)

    def everyone(self) -> Iterator[Listed]:
        """Yield all people who are not deleted, then who else is in `decided`."""
        with translated():
            found = self._users.aggregate(
                [
                    {"$match": {"state": "active"}},
                    {"$sort": {"_id": 1}},
                    {"$project": WHAT_IS_LOOKED_AT},
                    _joined("accounts"),
                ]
            )
            for user in found:
                row: dict[str, Any] = next(iter(user["joined"]), {})
                yield self._listed(user["_id"], user, row)
            for row, user in self._decided():
                if user.get("state") != "active":
                    yield self._listed(row["_id"], user, row)

    def _decided(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for row in self._rows.aggregate([{"$sort": {"_id": 1}}, _joined("users")]):
            yield row, next(iter(row["joined"]), {})

    def _listed(
        self, subject: str, user: dict[str, Any], row: dict[str, Any]
    ) -> Listed:
        standing = judge(subject, user, row, self._allowed)
        return Listed(standing, row.get("by"), row.get("at"))


def _joined(collection: str) -> dict[str, Any]:
    how = {"from": collection, "localField": "_id", "foreignField": "_id"}
    return {"$lookup": {**how, "as": "joined"}}
