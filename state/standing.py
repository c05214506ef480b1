"""Judge what a person or program may do, by what is stored of them; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.access import ROLES

#: Subjects of programs begin with it; those of people with the source of the user.
SERVICE = "service:"
#: Why there is none, if nothing else is wrong.
NO_ROLE = "no role"
#: Why no role counts, whatever was given.
UNKNOWN, DELETED, NOT_IN_TEAM = "unknown", "deleted", "not in the team"
NOT_LISTED = frozenset({UNKNOWN, DELETED, NOT_IN_TEAM})
#: The fields of a document of `users` that count.
WHAT_IS_LOOKED_AT = {"state": 1, "teams": 1, "username": 1}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who is let in: those in the team, with a role that all have, or None."""

    team: str
    default_role: str | None


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

    @property
    def can_be_given_role(self) -> bool:
        """Return whether a role is all that may be missing."""
        return self.role is not None or self.why_not == NO_ROLE


def rank(role: str | None) -> int:
    """Return how high a role is; -1 for none, and for what is none of ours."""
    return ROLES.index(role) if role in ROLES else -1


def judge(
    subject: str, user: Mapping[str, Any], row: Mapping[str, Any], allowed: Allowed
) -> Standing:
    """Judge by the document of `users` and the row of `accounts`, each maybe empty."""
    if subject.startswith(SERVICE):
        why_not = None if row else UNKNOWN
        return _with(Standing(subject, row.get("role"), None, why_not or _off(row)))
    role = row.get("role", allowed.default_role)
    why_not = _not_allowed(user, allowed.team) or _off(row)
    return _with(Standing(subject, role, user.get("username"), why_not))


def _with(found: Standing) -> Standing:
    """Return `found` with a role or a reason why there is none, never both."""
    why_not = found.why_not or (NO_ROLE if rank(found.role) < 0 else None)
    role = None if why_not else found.role
    return Standing(found.subject, role, found.username, why_not)


def _not_allowed(user: Mapping[str, Any], team: str) -> str | None:
    if not user:
        return UNKNOWN
    if user.get("state") != "active":
        return DELETED
    return None if team in user.get("teams", ()) else NOT_IN_TEAM


def _off(row: Mapping[str, Any]) -> str | None:
    return None if row.get("is_active", True) else "deactivated"
