"""Declare in which orders collections are listed, with one index behind each order.

Every order ends with `_id`, so that it is total: a page can begin where another ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pymongo import ASCENDING, IndexModel
from pymongo.collation import Collation, CollationStrength
from pymongo.errors import OperationFailure

from state.documents import Db

#: Texts are compared by their letters and accents; letter case does not count.
ANY_CASE = Collation("en", strength=CollationStrength.SECONDARY)

_INDEX_NOT_FOUND = 27

Keys: TypeAlias = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Order:
    """By which field rows are in order; what it holds decides how it is compared."""

    field: str
    holds: Literal["id", "text", "time"] = "text"

    @property
    def keys(self) -> Keys:
        """Return what is sorted by."""
        tie = [("_id", ASCENDING)]
        return tie if self.field == "_id" else [(self.field, ASCENDING), *tie]


@dataclass(frozen=True, slots=True)
class Listed:
    """The orders of one collection, by the name of the sort; the first is usual."""

    orders: Mapping[str, Order]
    #: Fields with the id of something else; the sort in which its rows come cheaply.
    relations: Mapping[str, str] = field(default_factory=dict)
    #: Whether documents are active or deleted; if not, `_id` is their only order.
    has_states: bool = True

    def indexes(self) -> list[IndexModel]:
        """Return the indexes behind the orders."""
        by = [
            IndexModel(
                [("state", ASCENDING), *order.keys],
                name=f"by_{sort}",
                **_compared(order),
            )
            for sort, order in self.orders.items()
        ]
        of = [
            IndexModel(
                [(name, ASCENDING), ("state", ASCENDING), *self.orders[sort].keys],
                name=f"of_{name}",
            )
            for name, sort in self.relations.items()
        ]
        return [*by, *of]


_ID = Order("_id", "id")
_UPDATED_AT = Order("updated_at", "time")
_NAME = Order("name")
#: Of activity the host tells no time of its own, so it is the time of its event.
_AT = Order("version.1", "time")


def _named(path: str) -> dict[str, Order]:
    return {"id": _ID, path: Order(path), "name": _NAME, "updated_at": _UPDATED_AT}


_NUMBERED = {"id": _ID, "updated_at": _UPDATED_AT}
_OF_MEMBERS = Listed(_NUMBERED, {"user_id": "id", "project_id": "id", "group_id": "id"})

LISTED: Mapping[str, Listed] = {
    "users": Listed(_named("username")),
    "projects": Listed(_named("path_with_namespace"), {"namespace_id": "id"}),
    "groups": Listed(_named("full_path")),
    "memberships": _OF_MEMBERS,
    "access_requests": _OF_MEMBERS,
    "keys": Listed({"id": _ID, "username": Order("username")}),
    "activity": Listed({"at": _AT}, {"project_id": "at"}),
    "approvals": Listed(_NUMBERED, {"user_id": "id"}),
    "teams": Listed({"id": _ID}, has_states=False),
}


def index_orders(db: Db) -> None:
    """Make the indexes; whoever changes an order adds this step once more."""
    for name, listed in LISTED.items():
        if not listed.has_states:
            continue
        db[name].create_indexes(listed.indexes())
        for relation in listed.relations:
            # Those that only find what belongs together are not needed any more.
            _drop(db, name, f"{relation}_state")


def _drop(db: Db, collection: str, index: str) -> None:
    try:
        db[collection].drop_index(index)
    except OperationFailure as exc:
        # Another process that starts may have been faster.
        if exc.code != _INDEX_NOT_FOUND:
            raise


def _compared(order: Order) -> dict[str, Any]:
    return {"collation": ANY_CASE} if order.holds == "text" else {}
