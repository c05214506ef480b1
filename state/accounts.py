"""Keep who may do what: the role of each person and program, and their standing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from config.access import ROLES
from state.client import translated
from state.documents import Db
from state.issued import IssuedTokens
from state.standing import SERVICE, Standing, of_person, of_program, rank

__all__ = ["BY_CLAIMS", "SERVICE", "Accounts", "Listed", "Standing"]

#: Who gave a role that claims of an OIDC issuer gave.
BY_CLAIMS = "claims"
_WHAT_IS_LOOKED_AT = {"state": 1, "teams": 1, "username": 1}


@dataclass(frozen=True, slots=True)
class Listed:
    """A standing, and who decided it, when; None if nobody did."""

    standing: Standing
    by: str | None
    at: datetime | None


class Accounts:
    """The collection `accounts`, read together with the users that hooks feed.

    The users are the allow-list: who is unknown, deleted or not in the team may do
    nothing. A row per subject holds what we decided: a role, or that it is off. What
    operators decide stands; claims decide where no operator has. Who loses a role
    loses the tokens that bear it.
    """

    def __init__(self, db: Db, team: str, default_role: str | None) -> None:
        self._rows = db["accounts"]
        self._users = db["users"]
        self._issued = IssuedTokens(db)
        self._team = team
        self._default_role = default_role

    def standing(self, subject: str) -> Standing:
        """Return what `subject` may do now: `gitlab:41`, or `service:reports`."""
        with translated():
            row = self._rows.find_one({"_id": subject}) or {}
            user = None
            if not subject.startswith(SERVICE):
                user = self._users.find_one({"_id": subject}, _WHAT_IS_LOOKED_AT)
        return self._judged(subject, user or {}, row)

    def set_role(self, subject: str, role: str, *, by: str, at: datetime) -> None:
        """Give a role, and switch the account on; raise ValueError if it is none."""
        if role not in ROLES:
            raise ValueError("not a role")
        self._set(subject, {"role": role, "is_active": True}, by, at)

    def deactivate(self, subject: str, *, by: str, at: datetime) -> None:
        """Switch the account off until a role is given again."""
        self._set(subject, {"is_active": False}, by, at)

    def clear(self, subject: str, *, at: datetime) -> None:
        """Take back what was decided: who signs in has the role that all have."""
        with translated():
            self._rows.delete_one({"_id": subject})
        self._revoke_beyond(subject, at)

    def follow_claim(self, subject: str, role: str | None, *, at: datetime) -> bool:
        """Give the role that claims give, or take it back if they give none.

        Where an operator decided, claims change nothing. Return whether it changed.
        """
        own = {"_id": subject, "by": BY_CLAIMS}
        with translated():
            if role is None:
                changed = bool(self._rows.delete_one(own).deleted_count)
            else:
                changed = self._claim(own, role, at)
        if changed:
            self._revoke_beyond(subject, at)
        return changed

    def listed(self, *, everyone: bool = False) -> Iterator[Listed]:
        """Yield those of whom something was decided, or everyone who is not deleted.

        People are in the order of their subjects, then come programs.
        """
        with translated():
            if everyone:
                yield from self._all_people()
            yield from self._decided(skips_people=everyone)

    def _set(self, subject: str, fields: dict[str, Any], by: str, at: datetime) -> None:
        told = {"$set": {**fields, "by": by, "at": at}}
        with translated():
            self._rows.update_one({"_id": subject}, told, upsert=True)
        self._revoke_beyond(subject, at)

    def _claim(self, own: dict[str, Any], role: str, at: datetime) -> bool:
        told = {"role": role, "is_active": True, "at": at}
        other = {**own, "role": {"$ne": role}}
        try:
            self._rows.update_one(other, {"$set": told}, upsert=True)
        except DuplicateKeyError:
            # An operator decided, or it is the role that claims gave before.
            return False
        return True

    def _revoke_beyond(self, subject: str, at: datetime) -> None:
        """Revoke the tokens with a higher role than `subject` has now."""
        highest = rank(self.standing(subject).role)
        self._issued.revoke(at=at, subject=subject, roles=ROLES[highest + 1 :])

    def _all_people(self) -> Iterator[Listed]:
        found = self._users.aggregate(
            [
                {"$match": {"state": "active"}},
                {"$sort": {"_id": 1}},
                {"$project": _WHAT_IS_LOOKED_AT},
                _joined("accounts"),
            ]
        )
        for user in found:
            yield self._listed(user, next(iter(user["joined"]), {}))

    def _decided(self, *, skips_people: bool) -> Iterator[Listed]:
        found = self._rows.aggregate([{"$sort": {"_id": 1}}, _joined("users")])
        for row in found:
            user: dict[str, Any] = next(iter(row["joined"]), {})
            if not (skips_people and user.get("state") == "active"):
                yield self._listed(user, row)

    def _listed(self, user: dict[str, Any], row: dict[str, Any]) -> Listed:
        subject = user["_id"] if user else row["_id"]
        standing = self._judged(subject, user, row)
        return Listed(standing, row.get("by"), row.get("at"))

    def _judged(
        self, subject: str, user: dict[str, Any], row: dict[str, Any]
    ) -> Standing:
        if subject.startswith(SERVICE):
            return of_program(subject, row)
        return of_person(
            subject, user, row, team=self._team, default_role=self._default_role
        )


def _joined(collection: str) -> dict[str, Any]:
    how = {"from": collection, "localField": "_id", "foreignField": "_id"}
    return {"$lookup": {**how, "as": "joined"}}
