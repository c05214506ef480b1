"""Show the state: lists with search, and one document with its kin and its history."""

from typing import Any

from flask import Blueprint, Response, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Answer

from api.console.console import Console
from api.console.entities import entity, listing, names
from api.console.entities.kinds import KINDS, NAMED_BY, label, refers
from api.resources.reader import Reader
from state.client import limited

_UNPROCESSABLE = 422


def add(routes: Blueprint, console: Console) -> None:
    """Add the pages of the state."""
    services = console.services
    reader = Reader(services)
    sources = sorted(services.settings.sources)
    # For all that a page asks, not for each question.
    seconds = services.settings.access.seconds

    @routes.get("/state")
    def state() -> Answer:
        return redirect("/console/state/users", 303)

    @routes.get("/state/<kind>")
    def state_list(kind: str) -> Response:
        console.require_mongodb()
        with limited(seconds):
            found = listing.read(_known(kind), reader)
            called = names.of(services, found.rows)
        return console.render(
            "console/state/list.html",
            _UNPROCESSABLE if found.errors else 200,
            listing=found,
            names=called,
            sources=sources,
            **_WORDS,
        )

    @routes.get("/state/<kind>/<path:id>")
    def state_one(kind: str, id: str) -> Response:  # noqa: A002 - as it reads
        console.require_mongodb()
        with limited(seconds):
            found = entity.read(services, reader, _known(kind), id)
        return console.render("console/state/one.html", entity=found, **_WORDS)


#: What both templates go by.
_WORDS: dict[str, Any] = {
    "kinds": KINDS,
    "named_by": NAMED_BY,
    "label": label,
    "refers": refers,
}


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound
    return kind
