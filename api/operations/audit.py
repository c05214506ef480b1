"""Reconcile what was accepted with what is accounted for."""

from datetime import datetime
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.operations.answers import AWAY, BUSY, explained, fails
from api.services import Services
from operations.auditing import reconcile
from operations.deadline import Deadline
from operations.places import look
from operations.shared import Shared
from state.client import limited

#: What was found out is told again for so long, in seconds.
YOUNG_SECONDS = 10.0
#: How long one request waits for what another one finds out, in seconds.
PATIENCE_SECONDS = 0.5

_ABOUT = """As `forgewire audit --json` tells it, of the tallies and the spool of the
machine that the API runs on. It reads all of the ledger and of the dead letters, so one
is made at a time, and told again for 10 seconds: `made_at` says when it was begun.
Where that takes longer than a request may, use the command."""


class StartsSchema(Schema):
    """By what starts of receivers are judged."""

    by_tally = fields.Integer(required=True)
    by_gaps = fields.Integer(required=True)


class CountSchema(Schema):
    """How many deliveries of one event are where."""

    source = fields.String(required=True)
    event = fields.String(required=True)
    outcome = fields.String(required=True)
    deliveries = fields.Integer(required=True)


class AuditSchema(Schema):
    """What was accepted, and where all of it is."""

    accepted = fields.Integer(required=True)
    missing = fields.Integer(
        required=True, metadata={"description": "Under way, or lost."}
    )
    starts = fields.Nested(StartsSchema, required=True)
    differences = fields.Integer(required=True)
    balanced = fields.Boolean(required=True)
    outcomes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    queued = fields.Integer(required=True)
    spooled = fields.Integer(required=True, allow_none=True)
    dead_letters = fields.Integer(required=True)
    set_aside_by_rabbitmq = fields.Integer(required=True)
    without_letter = fields.List(fields.String(), required=True)
    letters_not_dead = fields.List(fields.String(), required=True)
    rows = fields.List(fields.Nested(CountSchema), required=True)
    made_at = fields.DateTime(required=True)


def blueprint(services: Services) -> Blueprint:
    """Return the route of the audit."""
    routes = Blueprint("audit", __name__, url_prefix="/api/v1")
    shared: Shared[dict[str, Any]] = Shared(
        lambda: _audit(services, services.now()),
        young_seconds=YOUNG_SECONDS,
        patience_seconds=PATIENCE_SECONDS,
    )

    @routes.route("/audit", tags=["audit"])
    @routes.response(200, AuditSchema)
    @fails(routes, BUSY | AWAY)
    @routes.doc(summary="Check that no delivery was lost", description=_ABOUT)
    def show() -> dict[str, Any]:
        with explained():
            return shared.get()

    return routes


def _audit(services: Services, now: datetime) -> dict[str, Any]:
    deadline = Deadline.after(services.settings.access.seconds)
    queues = services.queues
    with queues.alone():
        places = look(
            services.settings, answer_seconds=queues.answer_seconds, deadline=deadline
        )
        with limited(deadline.left):
            found = reconcile(services.db, places, now=now)
    return found.as_json() | {"made_at": now}
