"""Tell which events there are, and which function decides what they change."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.services import Services
from operations.catalogue import catalogue


class EventSchema(Schema):
    """An event of the host, and who decides on it."""

    event = fields.String(required=True, metadata={"example": "user_create"})
    handler = fields.String(
        required=True,
        metadata={
            "description": "The dotted name of the function.",
            "example": "handlers.users.save",
        },
    )
    schema = fields.String(
        required=True,
        metadata={
            "description": "What its payload must fit.",
            "example": "schemas.users.UserSchema",
        },
    )
    does = fields.String(allow_none=True, metadata={"description": "In a sentence."})


def blueprint(services: Services) -> Blueprint:
    """Return the route of the catalogue."""
    routes = Blueprint("events", __name__, url_prefix="/api/v1")
    told = catalogue(services.handlers)

    @routes.route("/events", tags=["events"])
    @routes.response(200, EventSchema(many=True))
    @routes.doc(summary="The events that are decided on, and by which handlers")
    def listing() -> list[dict[str, Any]]:
        return told

    return routes
