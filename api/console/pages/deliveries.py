"""Find deliveries in the ledger, and tell the way of each one."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from api.console import ledger, searching
from api.console.console import Console, is_partial
from api.console.entities.kinds import KINDS
from api.console.searching import Search
from operations.delivery import look_up, spooled_since
from operations.timeline import lag, meaning
from state.client import limited
from state.collections import declare
from state.documents import Documents
from state.ledger import OUTCOMES

#: How long the spool may be searched, in seconds.
SPOOL_SECONDS = 0.5
_AWAY, _UNCLEAR = 503, 422
#: At this status htmx ceases to ask again.
_FOUND = 286


def add(routes: Blueprint, console: Console) -> None:
    """Add the list of deliveries, and the page of one."""
    events = sorted(console.services.handlers)

    @routes.get("/deliveries")
    def deliveries_page() -> Response:
        search = searching.read(request.args, console.services.now())
        found = ledger.found_or_away(console, search)
        return console.render(
            "console/deliveries/page.html",
            _AWAY if found.is_away else _UNCLEAR if search.problems else 200,
            search=search,
            found=found,
            events=events,
            outcomes=OUTCOMES,
            within=searching.WITHIN,
            live_url=_live_url(search),
            lag=lag,
        )

    @routes.get("/deliveries/rows")
    def deliveries_rows() -> Response:
        search = searching.read(request.args, console.services.now())
        found = ledger.found(console, search)
        template = "console/deliveries/rows.html"
        return console.fragment(template, search=search, found=found, lag=lag)

    @routes.get("/deliveries/<source>/<path:id>")
    def delivery(source: str, id: str) -> Response:  # noqa: A002 - as it reads in the path
        return _one(console, source, id)


def _one(console: Console, source: str, delivery_id: str) -> Response:
    services = console.services
    people = console.may("operator")
    documents = Documents(services.db, declare(services.settings.team))
    with limited(ledger.seconds(console)):
        known = look_up(documents, source, delivery_id, people=people)
    told: dict[str, Any] = {"source": source, "delivery_id": delivery_id}
    if known is not None:
        told |= {"known": known, "lag": lag(known.row), "meaning": meaning(known.row)}
        told |= {"hours": services.settings.body_hours, "people": people}
        return _shown(console, **told)
    folder = services.settings.spool_dir
    waits = spooled_since(folder, source, delivery_id, seconds=SPOOL_SECONDS)
    return _shown(console, known=None, spooled=waits, **told)


def _shown(console: Console, **told: Any) -> Response:
    if is_partial():
        # Looked for again and again, so to have found nothing yet is no failure.
        status = _FOUND if told["known"] else 200
        template = "console/deliveries/part.html"
        return console.fragment(template, status, kinds=KINDS, **told)
    status = 200 if told["known"] else 404
    return console.render("console/deliveries/one.html", status, kinds=KINDS, **told)


def _live_url(search: Search) -> str | None:
    """Return where fresh rows come from; None for a page that will not change."""
    if "cursor" in request.args or "until" in search.given or search.problems:
        return None
    return f"/console/deliveries/rows?{urlencode(search.given)}"
