"""Tell how full the queues are, how old what waits is, and how fast it goes."""

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.operations.answers import AWAY, BUSY, explained, fails
from api.services import Services
from operations.load import Load, Meter
from operations.shared import Shared

#: What was found out is told again for so long, in seconds.
YOUNG_SECONDS = 1.0
#: How long one request waits for what another one finds out, in seconds.
PATIENCE_SECONDS = 4.5

_ABOUT = """No message is taken for it. Rates are of the last minute, by the ledger. How
old the oldest is, is told from what was worked last: it is no older than that. What a
worker or a reader has in hand is in `unacknowledged`, if the API may ask RabbitMQ's
plugin for it (`FORGEWIRE_RABBITMQ_METRICS_URL`); it may be 5 seconds old. `spool` is
null where the API runs on another machine than the receivers, or may not read their
folder."""


class QueueSchema(Schema):
    """A queue, as it is now."""

    name = fields.String(required=True)
    depth = fields.Integer(required=True, metadata={"description": "Messages ready."})
    unacknowledged = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Messages in hand; null if RabbitMQ does not tell."},
    )
    consumers = fields.Integer(required=True)
    in_per_second = fields.Float(required=True)
    out_per_second = fields.Float(required=True)
    oldest_seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "At most; null if nothing waits, or is known."},
    )


class SpoolSchema(Schema):
    """What waits on the disk of this machine's receivers."""

    files = fields.Integer(required=True)
    events = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "null: too many to count."},
    )
    oldest_seconds = fields.Float(required=True, allow_none=True)


class LoadSchema(Schema):
    """Where events wait, and how fast they go."""

    events = fields.Nested(QueueSchema, required=True)
    dead_letters = fields.Nested(QueueSchema, required=True)
    spool = fields.Nested(SpoolSchema, required=True, allow_none=True)
    made_at = fields.DateTime(required=True)


def blueprint(services: Services) -> Blueprint:
    """Return the route of the queues."""
    routes = Blueprint("queues", __name__, url_prefix="/api/v1")
    meter = Meter(services.queues, services.db, services.settings.spool_dir)
    shared: Shared[Load] = Shared(
        lambda: meter.read(services.now()),
        young_seconds=YOUNG_SECONDS,
        patience_seconds=PATIENCE_SECONDS,
    )

    @routes.route("/queues", tags=["queues"])
    @routes.response(200, LoadSchema)
    @fails(routes, BUSY | AWAY)
    @routes.doc(summary="How full the queues are", description=_ABOUT)
    def show() -> Load:
        with explained():
            return shared.get()

    return routes
