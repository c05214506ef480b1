"""Keep who may do what: the role of each person and program, and their standing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state.client import translated
from state.documents import Db

#: Subjects of programs begin with it; those of people with the source of the user.
SERVICE = "service:"
_WHAT_IS_LOOKED_AT = {"state": 1, "teams": 1, "username": 1}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a subject may do now."""

    subject: str
    #: None: nothing at all.
    role: str | None
    #: What people call the user now; None for a program.
    username: str | None = None
    #: Why there is no role, for our own log; the caller is told the same in all cases.
    why_not: str | None = None


class Accounts:
    """The collection `accounts`, read together with the users that hooks feed.

    The users are the allow-list: who is unknown, deleted or not in the team may do
    nothing. A row per subject holds what we decided: a role, or that it is off.
    """

    def __init__(self, db: Db, team: str, default_role: str | None) -> None:
        self._rows = db["accounts"]
        self._users = db["users"]
        self._team = team
        self._default_role = default_role

    def standing(self, subject: str) -> Standing:
        """Return what `subject` may do now: `gitlab:41`, or `service:reports`."""
        with translated():
            row = self._rows.find_one({"_id": subject}) or {}
            if subject.startswith(SERVICE):
                return _of_program(subject, row)
            user = self._users.find_one({"_id": subject}, _WHAT_IS_LOOKED_AT)
        return self._of_person(subject, user or {}, row)

    def set_role(self, subject: str, role: str, *, by: str, at: datetime) -> None:
        """Give a role, and switch the account on."""
        self._set(subject, {"role": role, "is_active": True}, by, at)

    def deactivate(self, subject: str, *, by: str, at: datetime) -> None:
        """Switch the account off until a role is given again."""
        self._set(subject, {"is_active": False}, by, at)

    def all(self) -> Iterator[dict[str, Any]]:
        """Yield the rows there are: `_id`, role, is_active, by, at."""
        with translated():
            yield from self._rows.find().sort("_id")

    def _set(self, subject: str, fields: dict[str, Any], by: str, at: datetime) -> None:
        told = {"$set": {**fields, "by": by, "at": at}}
        with translated():
            self._rows.update_one({"_id": subject}, told, upsert=True)

    def _of_person(
        self, subject: str, user: dict[str, Any], row: dict[str, Any]
    ) -> Standing:
        why_not = self._why_not(user, row)
        if why_not:
            return Standing(subject, None, user.get("username"), why_not)
        role = row.get("role", self._default_role)
        return Standing(
            subject, role, user.get("username"), None if role else "no role"
        )

    def _why_not(self, user: dict[str, Any], row: dict[str, Any]) -> str | None:
        if not user:
            return "unknown"
        if user["state"] != "active":
            return "deleted"
        if self._team not in user.get("teams", ()):
            return "not in the team"
        return None if row.get("is_active", True) else "deactivated"


def _of_program(subject: str, row: dict[str, Any]) -> Standing:
    if not row:
        return Standing(subject, None, why_not="unknown")
    if not row["is_active"]:
        return Standing(subject, None, why_not="deactivated")
    return Standing(subject, row["role"])
