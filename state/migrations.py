"""Bring the database to the shape that this version needs: versioned, repeatable steps.

Every step may run twice and side by side, so no lock is needed: two processes that
start together both create the same indexes.
"""

from collections.abc import Callable

from pymongo import ASCENDING, IndexModel

from state.attempts import index_attempts
from state.bodies import index_bodies
from state.changes import index_changes
from state.client import translated
from state.deliveries import index_reading
from state.documents import Db
from state.issued import index_tokens
from state.letter_jobs import index_letter_jobs
from state.minutes import index_minutes
from state.orders import index_orders
from state.retention import index_expiry
from state.sign_ins import index_sign_ins

_MARK = "schema"


def migrate(db: Db) -> int:
    """Run the steps that the database has not seen; return its version now."""
    with translated():
        mark = db["migrations"].find_one({"_id": _MARK})
        done = int(mark["version"]) if mark else 0
        for version, step in enumerate(STEPS, start=1):
            if version > done:
                step(db)
                db["migrations"].update_one(
                    {"_id": _MARK}, {"$max": {"version": version}}, upsert=True
                )
    return max(done, len(STEPS))


def _index_relations(db: Db) -> None:
    below = {
        "memberships": ("user_id", "project_id", "group_id"),
        "access_requests": ("user_id", "project_id", "group_id"),
        "projects": ("namespace_id", "kept.namespace_id"),
        "activity": ("project_id",),
        "approvals": ("user_id",),
    }
    for name, fields in below.items():
        db[name].create_indexes(
            [index for field in fields for index in _of_children(field)]
        )


def _of_children(field: str) -> list[IndexModel]:
    # The second one is small: it holds only what a parent's deletion took along.
    orphans = {"orphan": True}
    return [
        IndexModel([("source", 1), (field, 1), ("state", 1)], name=f"{field}_state"),
        IndexModel(
            [("source", 1), (field, 1)],
            name=f"{field}_orphans",
            partialFilterExpression=orphans,
        ),
    ]


def _index_paths(db: Db) -> None:
    for name in ("projects", "groups", "keys"):
        db[name].create_index([("source", 1), ("trail", 1)], name="trail")
    db["moves"].create_index([("source", 1), ("old", 1)], name="old")
    db["moves"].create_index([("owner", 1)], name="owner")


def _index_people(db: Db) -> None:
    for name, field in (("projects", "people"), ("users", "marks")):
        db[name].create_index(
            [("source", ASCENDING), (field, ASCENDING)],
            name=field,
            partialFilterExpression={field: {"$exists": True}},
        )


def _index_ledger(db: Db) -> None:
    db["deliveries"].create_index(
        [("source", 1), ("event", 1), ("outcome", 1)], name="outcomes"
    )
    db["deliveries"].create_index([("received_at", -1)], name="received_at")


#: In the order of their versions; steps are added at the end and never changed.
STEPS: tuple[Callable[[Db], None], ...] = (
    _index_relations,
    _index_paths,
    _index_people,
    _index_ledger,
    index_expiry,
    index_orders,
    index_tokens,
    index_sign_ins,
    index_attempts,
    index_changes,
    index_reading,
    index_letter_jobs,
    index_minutes,
    index_bodies,
)
