"""Say what is shown of rows of the ledger, and what they can be narrowed by."""

from marshmallow import Schema, fields

from api.operations import parameters
from api.operations.parameters import Moment, several
from api.resources.parameters import Parameters
from state.ledger import OUTCOMES


class RepetitionSchema(Schema):
    """The same delivery, accepted once more, without effect."""

    receipt = fields.String(required=True)
    received_at = fields.DateTime(required=True)
    processed_at = fields.DateTime(required=True)


class ChangedSchema(Schema):
    """A document that a delivery told of; no values."""

    collection = fields.String(required=True, metadata={"example": "users"})
    id = fields.String(required=True, metadata={"example": "41"})
    verb = fields.String(
        required=True, metadata={"enum": ["put", "mention", "delete", "move"]}
    )
    names = fields.List(
        fields.String(),
        attribute="fields",
        data_key="fields",
        metadata={"description": "The names of the fields that were told."},
    )
    effect = fields.Boolean(
        metadata={"description": "Whether it was news; a move does not tell."}
    )


class DeliverySchema(Schema):
    """A row of the ledger; what is not known, or not asked for, is not there."""

    id = fields.String(required=True, attribute="_id")
    source = fields.String()
    delivery_id = fields.String()
    receipt = fields.String(metadata={"description": "Which acceptance this was."})
    event = fields.String()
    outcome = fields.String(metadata={"enum": list(OUTCOMES)})
    attempts = fields.Integer()
    received_at = fields.DateTime()
    processed_at = fields.DateTime()
    entity = fields.String(
        metadata={"description": "What it was about.", "example": "users/41"}
    )
    changed = fields.List(
        fields.Nested(ChangedSchema),
        metadata={"description": "What its handler declared, if it came so far."},
    )
    reason = fields.String(metadata={"description": "Why it is dead."})
    sent_by = fields.String(metadata={"description": "Who sent it by hand."})
    trace_id = fields.String(
        metadata={"description": "Its trace, by the name that W3C Trace Context has."}
    )
    dropped_at = fields.DateTime(
        metadata={"description": "When its dead letter was dropped."}
    )
    note = fields.String(metadata={"description": "By whom and why it was dropped."})


class DeliveryShownSchema(DeliverySchema):
    """A delivery, and each time that it came again."""

    duplicates = fields.List(fields.Nested(RepetitionSchema), required=True)


class DeliveriesExported(Parameters):
    """What narrows an export, and what it shows."""

    events = several("Only this event.", data_key="event")
    outcomes = parameters.chosen(
        "Only with this outcome.", list(OUTCOMES), data_key="outcome"
    )
    sources = several("Only of this Git host.", data_key="source")
    entities = several("Only about this document: users/41.", data_key="entity")
    since = Moment("Only received then or later.")
    until = Moment("Only received before.")
    shown = parameters.chosen(
        "Show these fields only; the id is always there.",
        list(DeliverySchema().fields),
        data_key="fields",
    )


class DeliveriesAsked(DeliveriesExported):
    """What narrows the list, and where its page begins."""

    limit = parameters.limit()
    cursor = parameters.cursor()
