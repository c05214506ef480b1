"""Keep who may do what: the role of each person and program, and their standing."""

from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from config.access import ROLES
from state.client import translated
from state.documents import Db
from state.issued import IssuedTokens
from state.standing import SERVICE, WHAT_IS_LOOKED_AT, Allowed, Standing, judge, rank

__all__ = ["BY_CLAIMS", "SERVICE", "Accounts", "Standing"]

#: Who gave a role that claims of an OIDC issuer gave.
BY_CLAIMS = "claims"


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
        self._allowed = Allowed(team, default_role)

    def standing(self, subject: str) -> Standing:
        """Return what `subject` may do now: `gitlab:41`, or `service:reports`."""
        with translated():
            row = self._rows.find_one({"_id": subject}) or {}
            user = None
            if not subject.startswith(SERVICE):
                user = self._users.find_one({"_id": subject}, WHAT_IS_LOOKED_AT)
        return judge(subject, user or {}, row, self._allowed)

    def set_role(self, subject: str, role: str, *, by: str, at: datetime) -> int:
        """Give a role, and switch the account on; raise ValueError if it is none.

        Return how many tokens were revoked since they bore more; so do the next two.
        """
        if role not in ROLES:
            raise ValueError("not a role")
        return self._set(subject, {"role": role, "is_active": True}, by, at)

    def deactivate(self, subject: str, *, by: str, at: datetime) -> int:
        """Switch the account off until a role is given again."""
        return self._set(subject, {"is_active": False}, by, at)

    def clear(self, subject: str, *, at: datetime) -> int:
        """Take back what was decided: who signs in has the role that all have."""
        with translated():
            self._rows.delete_one({"_id": subject})
        return self._revoke_beyond(subject, at)

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

    def _set(self, subject: str, fields: dict[str, Any], by: str, at: datetime) -> int:
        told = {"$set": {**fields, "by": by, "at": at}}
        with translated():
            self._rows.update_one({"_id": subject}, told, upsert=True)
        return self._revoke_beyond(subject, at)

    def _claim(self, own: dict[str, Any], role: str, at: datetime) -> bool:
        told = {"role": role, "is_active": True, "at": at}
        other = {**own, "role": {"$ne": role}}
        try:
            self._rows.update_one(other, {"$set": told}, upsert=True)
        except DuplicateKeyError:
            # An operator decided, or it is the role that claims gave before.
            return False
        return True

    def _revoke_beyond(self, subject: str, at: datetime) -> int:
        """Revoke the tokens with a higher role than `subject` has now."""
        highest = rank(self.standing(subject).role)
        beyond = ROLES[highest + 1 :]
        return self._issued.revoke(at=at, subject=subject, roles=beyond)
