"""Read rows page by page, the newest first; pages stay right while rows are added."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.collection import Collection

from state.client import translated
from state.question import Place


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where they end; None if there are no more behind them."""

    rows: list[dict[str, Any]]
    ended_at: Place | None


def page(
    collection: Collection[dict[str, Any]],
    wanted: Mapping[str, Any],
    field: str,
    *,
    index: str,
    limit: int,
    after: Place | None = None,
) -> Page:
    """Return up to `limit` rows that fit, by the time in `field` and then by `_id`.

    `index` must have them in this order, or the server would sort all that fit.
    """
    query = {"$and": [wanted, _beyond(field, after)]} if after else wanted
    with translated():
        order = [(field, -1), ("_id", -1)]
        found = collection.find(query, hint=index).sort(order)
        # One more than wanted tells whether there are more.
        rows = list(found.limit(limit + 1))
    shown = rows[:limit]
    if len(rows) == len(shown):
        return Page(shown, None)
    return Page(shown, Place(shown[-1][field], shown[-1]["_id"]))


def within(since: datetime | None, until: datetime | None) -> dict[str, datetime]:
    """Return the condition that a time is in a span; {} if there is none."""
    limits = {"$gte": since, "$lt": until}
    return {name: moment for name, moment in limits.items() if moment is not None}


def _beyond(field: str, place: Place) -> dict[str, Any]:
    # The first condition bounds the index, the second leaves out what was shown.
    return {
        field: {"$lte": place.value},
        "$or": [{field: {"$lt": place.value}}, {"_id": {"$lt": place.id}}],
    }
