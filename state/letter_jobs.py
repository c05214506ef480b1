"""Keep how far it is with sending many dead letters again, or dropping them."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from state.client import translated
from state.documents import Db
from state.retention import DEFAULT_DAYS, SECONDS_PER_DAY

#: Whoever is at a job tells of it far more often; else it ended with its process.
SILENT = timedelta(seconds=15)


class LetterJobs:
    """The collection `letter_jobs`: one row for each job; one is under way at a time.

    `state` is `running`, `done`, `stopped` (by somebody), `failed` (`problem` says why)
    or `interrupted`: its process ended, and more may be done than the row says.
    """

    def __init__(self, db: Db) -> None:
        self._rows = db["letter_jobs"]
        self._deliveries = db["deliveries"]

    def begin(self, what: Mapping[str, Any], *, at: datetime) -> str | None:
        """Note a job, and return its id; None if another one is under way."""
        self._interrupt_silent(at)
        id_ = str(uuid.uuid4())
        state = {"state": "running", "is_running": True}
        times = {"started_at": at, "told_at": at}
        with translated():
            try:
                self._rows.insert_one({"_id": id_, **state, **times, **what})
            except DuplicateKeyError:
                return None
        return id_

    def tell(self, id_: str, progress: Mapping[str, Any], *, at: datetime) -> bool:
        """Note how far it is; return whether it goes on."""
        with translated():
            row = self._rows.find_one_and_update(
                {"_id": id_, "is_running": True},
                {"$set": {**progress, "told_at": at}},
                {"stopped_by": 1},
            )
        return row is not None and "stopped_by" not in row

    def end(
        self, id_: str, state: str, progress: Mapping[str, Any], *, at: datetime
    ) -> None:
        """Note how it ended."""
        told = {**progress, "state": state, "ended_at": at}
        with translated():
            self._rows.update_one(
                {"_id": id_}, {"$set": told, "$unset": {"is_running": ""}}
            )

    def stop(self, id_: str, *, by: str) -> bool:
        """Ask whoever is at it to stop; return whether it is under way."""
        running = {"_id": id_, "is_running": True}
        with translated():
            found = self._rows.update_one(running, {"$set": {"stopped_by": by}})
        return bool(found.matched_count)

    def get(self, id_: str, *, now: datetime) -> dict[str, Any] | None:
        """Return a job, if there is one of that id."""
        self._interrupt_silent(now)
        with translated():
            return self._rows.find_one({"_id": id_})

    def newest(self, limit: int, *, now: datetime) -> list[dict[str, Any]]:
        """Return the jobs that were begun last."""
        self._interrupt_silent(now)
        with translated():
            found = self._rows.find({}).sort("started_at", DESCENDING)
            return list(found.limit(limit))

    def became(self, sent: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Return how many of what was sent are `waiting`, or have which outcome.

        `sent` has the key of each delivery in the ledger, and how often it had been
        tried before.
        """
        tried = dict(sent)
        shown = {"outcome": 1, "attempts": 1}
        with translated():
            rows = list(self._deliveries.find({"_id": {"$in": list(tried)}}, shown))
        numbers: dict[str, int] = {}
        for row in rows:
            is_old = row["outcome"] == "dead" and row["attempts"] <= tried[row["_id"]]
            outcome = "waiting" if is_old else row["outcome"]
            numbers[outcome] = numbers.get(outcome, 0) + 1
        # RabbitMQ had set them aside, so the ledger knows nothing of them yet.
        if unknown := len(tried) - len(rows):
            numbers["waiting"] = numbers.get("waiting", 0) + unknown
        return numbers

    def _interrupt_silent(self, now: datetime) -> None:
        silent = {"is_running": True, "told_at": {"$lt": now - SILENT}}
        ended = {"state": "interrupted", "ended_at": now}
        with translated():
            self._rows.update_many(
                silent, {"$set": ended, "$unset": {"is_running": ""}}
            )


def index_letter_jobs(db: Db) -> None:
    """Let one job be under way at a time, and forget old ones as the ledger does."""
    rows = db["letter_jobs"]
    rows.create_index(
        "is_running",
        name="one_at_a_time",
        unique=True,
        partialFilterExpression={"is_running": True},
    )
    seconds = DEFAULT_DAYS * SECONDS_PER_DAY
    rows.create_index("started_at", name="expiry", expireAfterSeconds=seconds)
