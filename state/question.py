"""Say which rows of a collection are wanted, and make of it what MongoDB is asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self, TypeAlias

from state.orders import LISTED, Order

Document: TypeAlias = dict[str, Any]
Clause: TypeAlias = dict[str, Any]

#: Sorts behind every other character.
_LAST = "\uffff"
#: What is less than every value that is told; what is not told is less than this.
_LOWEST = {"text": "", "time": datetime(1, 1, 1, tzinfo=UTC)}


class Place(NamedTuple):
    """Where a row stands in an order: what the order is by, and the row's `_id`."""

    value: str | datetime | None
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which rows of a collection are wanted, and in which order."""

    collection: str
    sort: str
    is_descending: bool = False
    states: Sequence[str] = ("active",)
    source: str | None = None
    #: Fields and the values that they must have.
    same: Mapping[str, Any] = field(default_factory=dict)
    #: Sorts by text, and the texts that they must be, or begin with, in any case.
    texts: Mapping[str, str] = field(default_factory=dict)
    beginnings: Mapping[str, str] = field(default_factory=dict)
    #: The row before the first one; None: from the beginning.
    after: Place | None = None
    limit: int = 250
    #: The fields to read.
    fields: Sequence[str] = ()

    def behind(self, place: Place) -> Self:
        """Return the question for what comes after `place`."""
        return replace(self, after=place)

    @property
    def order(self) -> Order:
        return LISTED[self.collection].orders[self.sort]

    @property
    def is_by_text(self) -> bool:
        return bool(self.texts or self.beginnings) or self.order.holds == "text"

    @property
    def index(self) -> str:
        """Return the index that leaves the fewest rows, or has them in order."""
        listed = LISTED[self.collection]
        related = [f"of_{name}" for name in listed.relations if name in self.same]
        found = [f"by_{sort}" for sort in (*self.texts, *self.beginnings)]
        usual = f"by_{self.sort}" if listed.has_states else "_id_"
        return [*related, *found, usual][0]


def place(asked: Question, document: Document) -> Place:
    """Return where `document` stands in the order asked for."""
    name, _, position = asked.order.field.partition(".")
    value: Any = document.get(name)
    return Place(value[int(position)] if position else value, document["_id"])


def states(asked: Question) -> list[Clause]:
    """Return a clause for each state: each is a range of the index of its own."""
    if not LISTED[asked.collection].has_states:
        return []
    return [{"state": state} for state in asked.states]


def matching(asked: Question) -> Clause:
    """Return the query: one branch for each range of the index that is to be read."""
    wanted = conditions(asked)
    branches = [
        {"$and": clauses}
        for state in states(asked) or [{}]
        for behind in _behind(asked)
        if (clauses := [it for it in (state, *behind, *wanted) if it])
    ]
    if len(branches) < 2:  # noqa: PLR2004 - nothing to be merged
        return branches[0] if branches else {}
    return {"$or": branches}


def conditions(asked: Question) -> list[Clause]:
    """Return what each row must fit, wherever it stands."""
    orders = LISTED[asked.collection].orders
    found = [{name: value} for name, value in asked.same.items()]
    found += [{orders[sort].field: text} for sort, text in asked.texts.items()]
    for sort, text in asked.beginnings.items():
        # The range is what the index can do; é is in the range of e, hence the rest.
        pattern = "^" + re.escape(text).replace("\0", r"\x00")
        between = {"$gte": text, "$lt": text + _LAST}
        exact = {"$regex": pattern, "$options": "i"}
        found += [{orders[sort].field: between}, {orders[sort].field: exact}]
    if asked.source:
        found.append({"source": asked.source})
        if not asked.is_by_text:
            # ";" is the character after ":".
            between = {"$gte": f"{asked.source}:", "$lt": f"{asked.source};"}
            found.append({"_id": between})
    return found


def _behind(asked: Question) -> list[list[Clause]]:
    """Return a clause for each range that lies behind the place, or one for all."""
    if asked.after is None:
        return [[]]
    (value, doc_id), name = asked.after, asked.order.field
    than = "$lt" if asked.is_descending else "$gt"
    if name == "_id":
        return [[{"_id": {than: doc_id}}]]
    ties: list[Clause] = [{name: value}, {"_id": {than: doc_id}}]
    if value is None:
        # What is not told comes first.
        told = {name: {"$gte": _LOWEST[asked.order.holds]}}
        return [ties] if asked.is_descending else [ties, [told]]
    further: list[list[Clause]] = [ties, [{name: {than: value}}]]
    return [*further, [{name: None}]] if asked.is_descending else further
