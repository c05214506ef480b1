"""Keep which tokens were issued, so that each can be revoked before it expires."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from state.client import translated
from state.documents import Db

#: How long a row outlives its token, in seconds.
KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Issued:
    """One token; the token itself is kept nowhere."""

    jti: str
    subject: str
    roles: tuple[str, ...]
    #: How it came to be: "sign-in", "exchange", "mint" or "link".
    kind: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class IssuedTokens:
    """The collection `tokens`; MongoDB removes a row a day after it expired."""

    def __init__(self, db: Db) -> None:
        self._rows = db["tokens"]

    def add(self, token: Issued) -> None:
        """Note a token before it is handed out."""
        row = asdict(token)
        row["_id"] = row.pop("jti")
        with translated():
            self._rows.insert_one(row)

    def get(self, jti: str) -> Issued | None:
        """Return what was noted of a token; None if it expired, or is none of ours."""
        with translated():
            row = self._rows.find_one({"_id": jti})
        return _issued(row) if row else None

    def revoke(
        self,
        *,
        at: datetime,
        jti: str = "",
        subject: str = "",
        roles: Sequence[str] | None = None,
    ) -> int:
        """Revoke one token, or all of a subject; return how many there were.

        With `roles`, only tokens that bear one of these.
        """
        chosen: dict[str, Any] = {"_id": jti} if jti else {"subject": subject}
        if roles is not None:
            chosen["roles"] = {"$in": list(roles)}
        chosen |= {"revoked_at": None, "expires_at": {"$gt": at}}
        with translated():
            return self._rows.update_many(
                chosen, {"$set": {"revoked_at": at}}
            ).modified_count

    def live(self, now: datetime, subject: str = "") -> Iterator[Issued]:
        """Yield the tokens that are good, the youngest first; all, or of a subject."""
        good = {"revoked_at": None, "expires_at": {"$gt": now}}
        whose = {"subject": subject} if subject else {}
        with translated():
            for row in self._rows.find(good | whose).sort("issued_at", -1):
                yield _issued(row)


def index_tokens(db: Db) -> None:
    """Let rows of expired tokens go, and find those of a subject."""
    db["tokens"].create_index(
        "expires_at", name="expiry", expireAfterSeconds=KEPT_SECONDS
    )
    db["tokens"].create_index("subject", name="subject")


def _issued(row: dict[str, Any]) -> Issued:
    known = {field.name for field in fields(Issued)}
    told = {name: value for name, value in row.items() if name in known}
    return Issued(**told | {"jti": row["_id"], "roles": tuple(row["roles"])})
