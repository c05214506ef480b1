"""Tell which events there are, and which function decides what they change."""

import inspect
from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.services import Services
from handlers.registry import Handler, load


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


def blueprint(_: Services) -> Blueprint:
    """Return the route of the catalogue."""
    routes = Blueprint("events", __name__, url_prefix="/api/v1")
    told = catalogue(load())

    @routes.route("/events", tags=["events"])
    @routes.response(200, EventSchema(many=True))
    @routes.doc(summary="The events that are decided on, and by which handlers")
    def listing() -> list[dict[str, Any]]:
        return told

    return routes


def catalogue(handlers: Mapping[str, Handler]) -> list[dict[str, Any]]:
    """Return what there is to tell of each event, in the order of their names."""
    return [
        {
            "event": event,
            "handler": handler.name,
            "schema": _name(type(handler.schema)),
            "does": _sentence(handler),
        }
        for event, handler in sorted(handlers.items())
    ]


def _name(schema: type[Schema]) -> str:
    return f"{schema.__module__}.{schema.__qualname__}"


def _sentence(handler: Handler) -> str | None:
    told = inspect.getdoc(handler.decide)
    return told.partition("\n\n")[0].replace("\n", " ") if told else None
