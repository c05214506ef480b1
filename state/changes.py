"""Keep who changed what through the API, and when: written before it is done."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state.client import translated
from state.documents import Db
from state.newest import Page, page, within
from state.question import Place
from state.retention import DEFAULT_DAYS, SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request: a subject, by a token; None as long as nobody knows."""

    subject: str | None = None
    jti: str | None = None


class Changes:
    """The collection `changes`: one row per request that may change something.

    `status` is what the request was answered, and is missing if that is not known: the
    change may have been made, or not.
    """

    def __init__(self, db: Db) -> None:
        self._rows = db["changes"]

    def begin(self, actor: Actor, what: Mapping[str, Any], *, at: datetime) -> str:
        """Note what is about to be done, and return the id of the row.

        `what` is `method`, `route` and `parameters`.
        """
        id_ = str(uuid.uuid4())
        with translated():
            self._rows.insert_one({"_id": id_, "at": at, **_of(actor), **what})
        return id_

    def end(
        self, id_: str, actor: Actor, more: Mapping[str, Any], *, status: int
    ) -> None:
        """Note how it ended, and what is known of it only now."""
        told = {"status": status, **_of(actor)}
        told |= {f"parameters.{name}": value for name, value in more.items()}
        with translated():
            self._rows.update_one({"_id": id_}, {"$set": told})

    def add(self, id_: str, more: Mapping[str, Any]) -> None:
        """Note what is known only after the request was answered."""
        told = {f"parameters.{name}": value for name, value in more.items()}
        with translated():
            self._rows.update_one({"_id": id_}, {"$set": told})

    def withdraw(self, id_: str) -> None:
        """Forget a request that changed nothing, of somebody who was not let in."""
        with translated():
            self._rows.delete_one({"_id": id_})

    def page(
        self,
        *,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int,
        after: Place | None = None,
    ) -> Page:
        """Return rows that fit, the newest first."""
        span = within(since, until)
        wanted: dict[str, Any] = {"at": span} if span else {}
        wanted |= {"subject": subject} if subject else {}
        index = "subject" if subject else "newest"
        return page(self._rows, wanted, "at", index=index, limit=limit, after=after)


def index_changes(db: Db) -> None:
    """Make rows expire as those of the ledger do, and be found by their time."""
    rows = db["changes"]
    rows.create_index([("at", -1), ("_id", -1)], name="newest")
    rows.create_index([("subject", 1), ("at", -1), ("_id", -1)], name="subject")
    seconds = DEFAULT_DAYS * SECONDS_PER_DAY
    rows.create_index("at", name="expiry", expireAfterSeconds=seconds)


def _of(actor: Actor) -> dict[str, str]:
    told = {"subject": actor.subject, "jti": actor.jti}
    return {name: value for name, value in told.items() if value is not None}
