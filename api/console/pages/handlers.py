"""Show which handler decides which event, how often each came, and what went wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from api.console.console import Console
from operations.catalogue import catalogue, without_handler
from operations.deadline import Deadline
from operations.fresh import Fresh, Seen
from state.by_event import Counted, counted
from state.client import limited

#: The spans that can be looked at, by the hours in the address.
SPANS: Mapping[str, str] = {"1": "1 hour", "24": "24 hours", "168": "7 days"}
USUAL = "24"
#: How long the counts are told again, how long they may take, and how long a page waits
#: for them, in seconds.
YOUNG_SECONDS, COUNT_SECONDS, PATIENCE_SECONDS = 5.0, 5.0, 1.5


@dataclass(frozen=True, slots=True)
class Line:
    """An event, who decides on it if anybody does, and what the ledger says of it."""

    event: str
    #: What `operations.catalogue` tells; {} if no handler wants it.
    handler: Mapping[str, Any]
    #: None if the ledger could not be asked.
    counted: Counted | None


def add(routes: Blueprint, console: Console) -> None:
    """Add the page of the handlers."""
    told = catalogue(console.services.handlers)
    counts = {hours: _fresh(console, int(hours)) for hours in SPANS}

    def page(show: Callable[..., Response], template: str) -> Response:
        hours = request.args.get("hours", USUAL)
        hours = hours if hours in SPANS else USUAL
        seen = _seen(counts[hours], is_away=console.is_mongodb_away)
        lines = _lines(told, seen.value)
        return show(template, lines=lines, seen=seen, hours=hours, spans=SPANS)

    @routes.get("/handlers")
    def handlers() -> Response:
        return page(console.render, "console/handlers/page.html")

    @routes.get("/handlers/part")
    def handlers_part() -> Response:
        return page(console.fragment, "console/handlers/part.html")


def _fresh(console: Console, hours: int) -> Fresh[dict[str, Counted]]:
    services = console.services

    def count() -> dict[str, Counted]:
        with limited(COUNT_SECONDS):
            return counted(services.db, services.now() - timedelta(hours=hours))

    return Fresh(count, young_seconds=YOUNG_SECONDS)


def _seen(
    counts: Fresh[dict[str, Counted]], *, is_away: bool
) -> Seen[dict[str, Counted]]:
    if is_away:
        return Seen()
    counts.begin()
    return counts.seen(Deadline.after(PATIENCE_SECONDS))


def _lines(
    told: list[dict[str, Any]], counts: Mapping[str, Counted] | None
) -> list[Line]:
    """Return a line for each event of the host, and for each other that came."""
    handlers = {it["event"]: it for it in told}
    events = sorted({*handlers, *without_handler(handlers), *(counts or {})})
    return [
        Line(
            event,
            handlers.get(event, {}),
            None if counts is None else counts.get(event, Counted()),
        )
        for event in events
    ]
