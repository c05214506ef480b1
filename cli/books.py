"""Open what tells who may do what, and put it into words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli import connect
from state.accounts import SERVICE, Accounts
from state.documents import Db
from state.issued import Issued, IssuedTokens
from state.roster import Listed, Roster


@dataclass(frozen=True, slots=True)
class Books:
    """What the commands look into."""

    db: Db
    accounts: Accounts
    roster: Roster
    issued: IssuedTokens

    def good_tokens(self, now: datetime, subject: str = "") -> Iterator[Issued]:
        """Yield the tokens that are good, the youngest first; all, or of a subject."""
        may: dict[str, bool] = {}
        for token in self.issued.live(now, subject):
            if token.subject not in may:
                standing = self.accounts.standing(token.subject)
                may[token.subject] = standing.role is not None
            if may[token.subject]:
                yield token


@contextmanager
def open_books() -> Iterator[Books]:
    settings = connect.settings()
    with connect.database(settings.mongodb_url) as db:
        terms = (settings.team, settings.access.default_role)
        yield Books(db, Accounts(db, *terms), Roster(db, *terms), IssuedTokens(db))


def told(found: Listed) -> dict[str, Any]:
    standing = found.standing
    return {
        "subject": standing.subject,
        "username": standing.username,
        "role": standing.role,
        "standing": standing.why_not or "active",
        "by": found.by,
        "at": found.at,
    }


def unknown(subject: str) -> str:
    if subject.startswith(SERVICE):
        return f"there is no {subject}; make it: forgewire user set-role {subject} ROLE"
    return f"no event told of a user {subject}"
