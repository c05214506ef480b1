"""A pytest plugin: the real state, on a real MongoDB, for the contract of handlers."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from cli.local import mongodb
from handlers.testing import Documents, Told
from state.client import connect
from state.documents import Db
from state.store import Decided, Store
from state.version import Stamp
from state.wellformed import checked

SOURCE = "gitlab"
#: When the first event was received, in microseconds since 1970: 6 January 2026.
BEGUN = 1_767_657_600_000_000


class HandlerState:
    """A database that is emptied before each order of events is tried."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def refuses(self, told: Told) -> str | None:
        """Return why the state would never take what `told` declares, or None."""
        try:
            checked(told.changes)
        except (AttributeError, TypeError, ValueError) as exc:
            return str(exc)
        return None

    def after(self, batches: Sequence[Sequence[tuple[int, Told]]]) -> Documents:
        """Return what is there when `batches` were applied; see handlers.testing."""
        for name in self._db.list_collection_names():
            self._db[name].delete_many({})
        # A new store, since one remembers for which source it made the team.
        store = Store(self._db, "gitlab")
        for batch in batches:
            store.apply([_decided(number, told) for number, told in batch])
        return self._documents()

    def _documents(self) -> Documents:
        found: dict[str, dict[str, Any]] = {}
        for name in self._db.list_collection_names():
            # The number of writes depends on how they were batched.
            for one in self._db[name].find({}, {"rev": 0}):
                found[f"{name}/{str(one['_id']).removeprefix(f'{SOURCE}:')}"] = one
        return found


@pytest.fixture(scope="session")
def handler_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandlerState]:
    """Yield the state on a MongoDB that runs as long as the tests."""
    server = mongodb.start(tmp_path_factory.mktemp("mongodb"))
    db = connect(server.url, name="contract")
    yield HandlerState(db)
    db.client.close()
    server.stop()


def _decided(number: int, told: Told) -> Decided:
    stamp = Stamp(
        source=SOURCE,
        event=told.name,
        delivery_id=f"contract-{number}",
        received_at=BEGUN + number,
        created_at=_time(told.event, "created_at"),
        updated_at=_time(told.event, "updated_at"),
    )
    return Decided(stamp, checked(told.changes))


def _time(event: Any, name: str) -> datetime | None:
    value = getattr(event, name, None)
    return value if isinstance(value, datetime) else None
