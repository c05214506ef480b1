"""Count in MongoDB how often somebody tried, so that all processes know."""

from typing import Any

from limits.storage.mongodb import MongoDBStorageBase
from pymongo import timeout

from state.documents import Db

#: A row for each address and limit; MongoDB removes it when its time is over.
_ROWS = "attempts"
#: Nobody waits for longer than this to be counted.
_SECONDS = 0.5
#: Of the URL by which this is chosen.
SCHEME = "forgewire"


class Attempts(MongoDBStorageBase):
    """What Flask-Limiter counts in, on the connections that there are already.

    It is told the database by `db`.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - its base has it so

    def __init__(self, uri: str, *, db: Db, **_: Any) -> None:
        super().__init__(
            uri,
            database_name=db.name,
            counter_collection_name=_ROWS,
            window_collection_name=_ROWS,
        )
        self._client = db.client

    @property
    def storage(self) -> Any:
        """Return our client; the index is there, by `index_attempts`."""
        return self._client

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a try; return how many there were."""
        with timeout(_SECONDS):
            return super().incr(key, expiry, amount)

    def get(self, key: str) -> int:
        """Return how many tries there were."""
        with timeout(_SECONDS):
            return super().get(key)

    def get_expiry(self, key: str) -> float:
        """Return when the count begins anew, in seconds since 1970."""
        with timeout(_SECONDS):
            return super().get_expiry(key)

    def check(self) -> bool:
        """Return whether MongoDB can be asked."""
        with timeout(_SECONDS):
            return super().check()

    def _init_mongo_client(self, *_: Any, **__: Any) -> Any:
        return self._client

    def __del__(self) -> None:
        """Leave the client to its owner."""


def index_attempts(db: Db) -> None:
    """Have MongoDB remove counts whose time is over."""
    db[_ROWS].create_index("expireAt", name="expiry", expireAfterSeconds=0)
