"""Have a database know users and projects already, without working an event for each.

One document of each kind is written by the store and copied with other ids, so that all
look as if their events had been worked.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pymongo.database import Database

from bench.mix import Mix
from broker.message import Message
from handlers import registry
from state.digest import digests
from state.ledger import Ledger, Row
from state.migrations import migrate
from state.store import Store
from workers.decide import decide

SOURCE, TEAM = "gitlab", "gitlab"
#: Documents in one command.
CHUNK = 10_000
Document = dict[str, Any]


def populate(db: Database, number: int) -> None:
    """Write so many users, projects and rows of the ledger, and make the indexes."""
    _write_first(db)
    for name, copied in _COPIES.items():
        template = db[name].find_one()
        copies = (copied(template, index) for index in range(2, number + 1))
        while chunk := list(islice(copies, CHUNK)):
            db[name].insert_many(chunk, ordered=False)
    migrate(db)


def _write_first(db: Database) -> None:
    handlers, now = registry.load(), datetime.now(UTC)
    shares = (("user_create", 1), ("project_create", 1))
    hooks = {hook.event: hook for hook in Mix(entities=1, shares=shares).hooks(20)}
    told = [
        Message(
            source=SOURCE,
            event=hook.event,
            delivery_id=hook.delivery_id,
            receipt=f"before.{number}",
            received_at=int(now.timestamp() * 1_000_000),
            body=hook.body,
        )
        for number, hook in enumerate(hooks.values(), start=1)
    ]
    Store(db, TEAM).apply([decide(it, handlers).decided for it in told])
    row = Row(SOURCE, "before-1", "before.1", "user_create", "applied", now, now)
    Ledger(db).write([row])


def _user(template: Document, index: int) -> Document:
    name, email = f"User {index}", f"user-{index}@example.org"
    return template | {
        "_id": f"{SOURCE}:{index}",
        "user_id": index,
        "username": f"user-{index}",
        "name": name,
        "email": email,
        "marks": sorted(digests(SOURCE, (name, email))),
    }


def _project(template: Document, index: int) -> Document:
    path, owner = f"group/project-{index}", f"User {index}"
    return template | {
        "_id": f"{SOURCE}:{index}",
        "project_id": index,
        "namespace_id": index // 10,
        "path_with_namespace": path,
        "trail": [path],
        "owners": [{"name": owner}],
        "people": sorted(digests(SOURCE, (owner,))),
    }


def _row(template: Document, index: int) -> Document:
    return template | {
        "_id": f"{SOURCE}:before-{index}",
        "delivery_id": f"before-{index}",
        "receipt": f"before.{index}",
        "entity": f"users/{index}",
    }


_COPIES: dict[str, Callable[[Document, int], Document]] = {
    "users": _user,
    "projects": _project,
    "deliveries": _row,
}
