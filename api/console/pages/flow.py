"""Show the way from the host to the state as it is now, and the outcomes of an hour."""

from typing import Any

from flask import Blueprint, Response

from api.console.console import Console
from api.console.flow_figures import figures
from api.console.flow_hour import hour
from api.console.flow_layout import LAYOUTS
from api.console.flow_parts import WORDS, judged, verdict
from api.console.flow_picture import picture
from operations.deadline import Deadline
from operations.monitoring import Monitor, Sight
from state.ledger import OUTCOMES

#: How long a page waits for what is being found out; it comes without, then.
PATIENCE_SECONDS = 1.2
#: The same if it took a second already to find that MongoDB is away.
LATE_PATIENCE_SECONDS = 0.3
#: Where one sees more of a part.
_LINKS = {"dead-letters": "/console/dead-letters"}


def add(routes: Blueprint, console: Console) -> None:
    """Add the first page of the console, and its parts that are fetched again."""
    services = console.services
    monitor = Monitor(
        services.queues,
        services.db,
        services.settings.spool_dir,
        services.watching,
        services.now,
    )

    @routes.get("/")
    def flow() -> Response:
        sight = monitor.look(_patience(console))
        told = _told(console, sight) | {"outcomes": OUTCOMES}
        return console.render("console/flow/page.html", **told)

    @routes.get("/flow/live")
    def flow_live() -> Response:
        sight = monitor.look(_patience(console))
        return console.fragment("console/flow/live.html", **_told(console, sight))

    @routes.get("/flow/outcomes")
    def flow_outcomes() -> Response:
        found = hour(monitor.minutes(Deadline.after(_patience(console))))
        template = "console/flow/outcomes.html"
        return console.fragment(
            template, hour=found, outcomes=OUTCOMES, is_fetched=True
        )


def _patience(console: Console) -> float:
    return LATE_PATIENCE_SECONDS if console.is_mongodb_away else PATIENCE_SECONDS


def _told(console: Console, sight: Sight) -> dict[str, Any]:
    """Return what the templates tell of what is seen."""
    now = console.services.now()
    max_age = console.services.settings.spool_max_age_seconds
    parts = judged(sight, spool_max_seconds=max_age, now=now)
    last = hour(sight.minutes)
    return {
        "verdict": verdict(parts),
        "parts": parts,
        "words": WORDS,
        "links": _LINKS,
        "picture": picture(sight, parts, now),
        "layouts": LAYOUTS,
        "stats": figures(sight, last),
        "sources": sight.sources.value,
        "hour": last,
    }
