"""Send an event by hand, in the host's place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from flask import request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from api import trail
from api.guard import current, needs
from api.noting import tells
from api.operations.answers import AWAY, fails
from api.problems import Refused
from api.services import Services
from broker.errors import Unsendable
from broker.message import Message
from config.settings import DEFAULT_SOURCE, Settings
from operations.manual import manual
from schemas.errors import Rejected
from tracing import header

_log = structlog.stdlib.get_logger("api.operations")

_ABOUT = """It is decided first as a worker would: what would become a dead letter is
answered 422, and not sent. If the payload has no `event_name`, it is put there. The
row of the ledger says who sent it (`sent_by`). Needs the role operator."""


class QueuedSchema(Schema):
    """An event that is in the queue."""

    delivery_id = fields.String(required=True)
    source = fields.String(required=True)
    event = fields.String(required=True)
    status = fields.String(required=True, metadata={"example": "queued"})


def blueprint(services: Services) -> Blueprint:
    """Return the route by which an event is sent."""
    routes = Blueprint("sending", __name__, url_prefix="/api/v1")
    handlers = services.handlers
    asked = _asked(sorted(handlers), services.settings)

    @routes.route(
        "/events", methods=["POST"], tags=["events"], endpoint="send_an_event"
    )
    @routes.arguments(asked)
    @routes.response(202, QueuedSchema, headers={"Location": _LOCATION})
    @fails(routes, AWAY)
    @routes.doc(summary="Send an event by hand", description=_ABOUT)
    @needs("operator")
    @tells("event", "source")
    def send(given: Mapping[str, Any]) -> tuple[dict[str, str], int, dict[str, str]]:
        try:
            message = manual(
                given["event"],
                given["payload"],
                source=given["source"],
                sent_by=current().subject,
                now=services.now(),
                handlers=handlers,
            )
            message = _traced(message)
            services.queues.publisher().publish(message)
        except Rejected as exc:
            raise _refused(exc.reason, "A worker would reject it", exc) from exc
        except Unsendable as exc:
            raise _refused("unsendable", "RabbitMQ takes no such message", exc) from exc
        trail.note(delivery_id=message.delivery_id)
        told = {"delivery_id": message.delivery_id, "source": message.source}
        names = message.names() | told
        _log.info("event-sent", sent_by=message.sent_by, hook=message.event, **names)
        where = f"/api/v1/deliveries/{message.source}:{message.delivery_id}"
        told |= {"event": message.event, "status": "queued"}
        return told, 202, {"Location": where}

    return routes


def _traced(message: Message) -> Message:
    """Return the message in the trace that the request is in, if it is in one."""
    given = request.headers
    parent, state = header.pair(given.get("traceparent"), given.get("tracestate"))
    return replace(message, traceparent=parent, tracestate=state)


def _asked(events: list[str], settings: Settings) -> Schema:
    sources = sorted(settings.sources) or [DEFAULT_SOURCE]
    usual = DEFAULT_SOURCE if DEFAULT_SOURCE in sources else sources[0]
    declared: dict[str, Any] = {
        "event": fields.String(
            required=True,
            validate=validate.OneOf(events),
            metadata={"description": "One of the catalogue.", "example": events[0]},
        ),
        "payload": fields.Dict(
            keys=fields.String(),
            required=True,
            metadata={"description": "As the host would send it."},
        ),
        "source": fields.String(
            load_default=usual,
            validate=validate.OneOf(sources),
            metadata={"description": "The Git host in whose place it is sent."},
        ),
        "Meta": type("Meta", (), {"unknown": RAISE}),
    }
    made: Schema = type("EventSent", (Schema,), declared)()
    return made


def _refused(code: str, title: str, error: Exception) -> Refused:
    # Messages of ours quote no payload.
    return Refused(422, code, title, str(error))


_LOCATION = {
    "description": "Where to see what became of it, once a worker had it.",
    "schema": {"type": "string"},
}
