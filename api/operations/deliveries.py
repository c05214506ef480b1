"""Show the ledger: what became of each delivery."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields

from api.operations import parameters
from api.operations.answers import AWAY, NOT_FOUND, explained, fails
from api.operations.pages import LINK, Pages
from api.operations.parameters import Moment, several
from api.problems import Refused
from api.resources.answers import conditional
from api.resources.parameters import Parameters
from api.services import Services
from state import deliveries
from state.client import limited
from state.deliveries import Wanted
from state.ledger import OUTCOMES

_SHOW = """`id` is `<source>:<delivery id>`, as the answer to a hook says. What waits in
the queue, or is in a worker's hands, is not in the ledger yet, and not found here."""


class RepetitionSchema(Schema):
    """The same delivery, accepted once more, without effect."""

    receipt = fields.String(required=True)
    received_at = fields.DateTime(required=True)
    processed_at = fields.DateTime(required=True)


class DeliverySchema(Schema):
    """A row of the ledger; what is not known of it is not there."""

    id = fields.String(required=True, attribute="_id")
    source = fields.String(required=True)
    delivery_id = fields.String(required=True)
    receipt = fields.String(
        required=True, metadata={"description": "Which acceptance this was."}
    )
    event = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": list(OUTCOMES)})
    attempts = fields.Integer(required=True)
    received_at = fields.DateTime(required=True)
    processed_at = fields.DateTime(required=True)
    entity = fields.String(
        metadata={"description": "What it was about.", "example": "users/41"}
    )
    reason = fields.String(metadata={"description": "Why it is dead."})
    sent_by = fields.String(metadata={"description": "Who sent it by hand."})
    dropped_at = fields.DateTime(
        metadata={"description": "When its dead letter was dropped."}
    )
    note = fields.String(metadata={"description": "By whom and why it was dropped."})


class DeliveryShownSchema(DeliverySchema):
    """A delivery, and each time that it came again."""

    duplicates = fields.List(fields.Nested(RepetitionSchema), required=True)


class DeliveriesAsked(Parameters):
    """What narrows the list."""

    events = several("Only this event.", data_key="event")
    outcomes = parameters.chosen(
        "Only with this outcome.", list(OUTCOMES), data_key="outcome"
    )
    sources = several("Only of this Git host.", data_key="source")
    entities = several("Only about this document: users/41.", data_key="entity")
    since = Moment("Only received then or later.")
    until = Moment("Only received before.")
    limit = parameters.limit()
    cursor = parameters.cursor()


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
        return pages.answer(DeliverySchema(many=True).dump(found.rows), found)

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
    return {name: it for name, it in given.items() if name not in {"limit", "cursor"}}


_WAITS = "It waits in the queue, or was never accepted."
_ID = {
    "in": "path",
    "name": "id",
    "required": True,
    "description": "`<source>:<delivery id>`",
    "schema": {"type": "string", "minLength": 1, "example": "gitlab:3d3f3b0e"},
}
