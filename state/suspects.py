"""Remember who began to work a delivery alone and never ended: it may kill workers."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import ReturnDocument

from state.client import translated
from state.documents import Db


class Suspects:
    """The collection `suspects`: a document while somebody works on a delivery alone.

    RabbitMQ's count of returns also grows with each connection that is lost. This one
    grows only when a worker began and never came back to tell the end.
    """

    def __init__(self, db: Db) -> None:
        self._rows = db["suspects"]

    def begin(self, key: str, worker: str, *, now: datetime) -> int:
        """Note that the start `worker` begins; return how many others never ended.

        To begin twice counts once, so it may be repeated while a server is away.
        """
        with translated():
            before = self._rows.find_one_and_update(
                {"_id": key},
                {"$addToSet": {"begun_by": worker}, "$set": {"at": now}},
                upsert=True,
                return_document=ReturnDocument.BEFORE,
            )
        return len(set(before["begun_by"]) - {worker}) if before else 0

    def end(self, keys: Sequence[str]) -> None:
        """Note that these are done."""
        with translated():
            self._rows.delete_many({"_id": {"$in": list(keys)}})
