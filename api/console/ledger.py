"""Read the rows of the ledger that a page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request

from api.console.console import Console
from api.console.searching import Search
from api.problems import Refused
from api.resources import cursor
from api.resources.cursor import BadCursor
from schemas.errors import StateUnavailable, Unavailable
from state import deliveries
from state.client import limited
from state.newest import Page
from state.orders import Order
from state.question import Place

#: Rows of a page.
LIMIT = 50
_LISTING = "deliveries"
_BY_TIME = Order("at", "time")


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a page, and how to get at the next one."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    next_url: str | None = None
    #: There are more, and only a longer id tells them apart.
    is_cut: bool = False
    is_away: bool = False


def found_or_away(console: Console, search: Search) -> Found:
    """Return the rows; none if MongoDB is away, for then the page says so."""
    try:
        return found(console, search)
    except Unavailable:
        return Found(is_away=True)


def found(console: Console, search: Search) -> Found:
    if search.problems:
        # All there is would look as if it fitted.
        return Found()
    after = _after(request.args)
    with limited(seconds(console)):
        return _read(console, search, after)


def seconds(console: Console) -> float:
    """Return how long MongoDB may take; raise StateUnavailable if it was away."""
    if console.is_mongodb_away:
        # To try it again would take as long again.
        raise StateUnavailable("MongoDB was away a moment ago")
    return console.services.settings.access.seconds


def _read(console: Console, search: Search, after: Place | None) -> Found:
    db = console.services.db
    if search.id:
        sources = search.wanted.sources
        rows = deliveries.starting_with(db, search.id, sources, limit=LIMIT + 1)
        return Found(rows[:LIMIT], is_cut=len(rows) > LIMIT)
    page = deliveries.read(db, search.wanted, limit=LIMIT, after=after)
    return Found(page.rows, _next_url(search, page))


def _after(args: Mapping[str, str]) -> Place | None:
    word = args.get("cursor")
    if not word:
        return None
    try:
        place = cursor.read(word, _LISTING, _BY_TIME)
    except BadCursor:
        place = Place(None, "")
    if place.value is None:
        title = "This address leads to no page"
        raise Refused(400, "bad-cursor", title, "Search again from the beginning.")
    return place


def _next_url(search: Search, page: Page) -> str | None:
    if page.ended_at is None:
        return None
    told = {**search.given, "cursor": cursor.written(_LISTING, page.ended_at)}
    return f"/console/deliveries?{urlencode(told)}"
