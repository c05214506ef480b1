"""Show the ledger: what became of each delivery."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import RAISE

from api.operations.answers import AWAY, NOT_FOUND, explained, fails
from api.operations.pages import LINK, Pages
from api.operations.rows import (
    DeliveriesAsked,
    DeliveriesExported,
    DeliverySchema,
    DeliveryShownSchema,
)
from api.problems import Refused
from api.resources.answers import LINES, conditional, lines
from api.services import Services
from state import deliveries
from state.client import limited
from state.deliveries import Wanted

_SHOW = """`id` is `<source>:<delivery id>`, as the answer to a hook says. What waits in
the queue, or is in a worker's hands, is not in the ledger yet, and not found here."""
_EXPORT = """One JSON object a line, in the shape of the listing. If not all can be
read, the last line is a problem, with a `status` of 503."""
#: Rows that an export reads at once.
CHUNK = 1_000


def blueprint(services: Services) -> Blueprint:
    """Return the routes of the ledger."""
    routes = Blueprint("deliveries", __name__, url_prefix="/api/v1")
    pages = Pages(services, "deliveries")
    seconds = services.settings.access.seconds

    @routes.route("/deliveries", tags=["deliveries"])
    @routes.arguments(DeliveriesAsked, location="query", unknown=RAISE)
    @routes.response(200, DeliverySchema(many=True), headers={"Link": LINK})
    @fails(routes, {304: "What you have is as it is now", 400: "A bad cursor"} | AWAY)
    @routes.doc(summary="List deliveries, the newest first")
    def listing(given: Mapping[str, Any]) -> Response:
        wanted = Wanted(**_wanted(given))
        with explained(), limited(seconds):
            found = deliveries.read(
                services.db, wanted, limit=given["limit"], after=pages.after(given)
            )
        show = _shown(given)
        return pages.answer([show(row) for row in found.rows], found)

    @routes.route("/deliveries/export", tags=["deliveries"])
    @routes.arguments(DeliveriesExported, location="query", unknown=RAISE)
    @routes.response(200, {"type": "string"}, content_type=LINES)
    @fails(routes, AWAY)
    @routes.doc(summary="Export deliveries, the newest first", description=_EXPORT)
    def export(given: Mapping[str, Any]) -> Response:
        wanted = Wanted(**_wanted(given))
        chunks = deliveries.chunks(services.db, wanted, limit=CHUNK, seconds=seconds)
        with explained():
            # Read now, so that a server that is away shows in the status.
            first = next(chunks)
        return lines(chain([first], chunks), _shown(given))

    @routes.route("/deliveries/<path:id>", tags=["deliveries"], parameters=[_ID])
    @routes.response(200, DeliveryShownSchema)
    @fails(routes, {304: "What you have is as it is now"} | NOT_FOUND | AWAY)
    @routes.doc(summary="Show what became of a delivery", description=_SHOW)
    def one(id: str) -> Response:  # noqa: A002 - as it reads in the path
        source, _, delivery_id = id.partition(":")
        with explained(), limited(seconds):
            rows = deliveries.rows_of(services.db, source, delivery_id)
        if not rows:
            raise Refused(404, "not-found", "The ledger has no such delivery", _WAITS)
        told = DeliveryShownSchema().dump({**rows[0], "duplicates": rows[1:]})
        return conditional(told)

    return routes


def _wanted(given: Mapping[str, Any]) -> dict[str, Any]:
    others = {"limit", "cursor", "shown"}
    return {name: it for name, it in given.items() if name not in others}


def _shown(given: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    wanted = given.get("shown")
    schema = DeliverySchema(only={"id", *wanted}) if wanted else DeliverySchema()
    dump: Callable[[Mapping[str, Any]], dict[str, Any]] = schema.dump
    return dump


_WAITS = "It waits in the queue, or was never accepted."
_ID = {
    "in": "path",
    "name": "id",
    "required": True,
    "description": "`<source>:<delivery id>`",
    "schema": {"type": "string", "minLength": 1, "example": "gitlab:3d3f3b0e"},
}
