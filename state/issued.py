"""Keep which tokens were issued, so that each can be revoked before it expires."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from state.client import translated
from state.documents import Db


@dataclass(frozen=True, slots=True)
class Issued:
    """One token; the token itself is kept nowhere."""

    jti: str
    subject: str
    roles: tuple[str, ...]
    #: How it came to be: "sign-in", "exchange" or "mint".
    kind: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class IssuedTokens:
    """The collection `tokens`; MongoDB removes a row some time after it expired."""

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

    def revoke(self, *, at: datetime, jti: str = "", subject: str = "") -> int:
        """Revoke one token, or all of a subject; return how many there were."""
        chosen = {"_id": jti} if jti else {"subject": subject}
        with translated():
            return self._rows.update_many(
                {**chosen, "revoked_at": None}, {"$set": {"revoked_at": at}}
            ).modified_count

    def live(self, now: datetime) -> Iterator[Issued]:
        """Yield the tokens that are good, the youngest first."""
        good = {"revoked_at": None, "expires_at": {"$gt": now}}
        with translated():
            for row in self._rows.find(good).sort("issued_at", -1):
                yield _issued(row)


def _issued(row: dict[str, object]) -> Issued:
    told = {**row, "jti": row["_id"], "roles": tuple(row["roles"])}  # type: ignore[arg-type]
    del told["_id"]
    return Issued(**told)  # type: ignore[arg-type]
