"""Say what is shown of dead letters."""

from marshmallow import Schema, fields


class LetterSchema(Schema):
    """An event that can never be applied; what nobody told of it is null."""

    delivery_id = fields.String(required=True, allow_none=True)
    event = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    receipt = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, metadata={"example": "invalid-payload"})
    handler = fields.String(required=True, allow_none=True)
    received_at = fields.DateTime(required=True, allow_none=True)
    dead_at = fields.DateTime(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    body_size = fields.Integer(required=True, metadata={"description": "In bytes."})


class LetterShownSchema(LetterSchema):
    """A dead letter, and why it is one."""

    detail = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The traceback, or the end of a long one."},
    )
    body = fields.String(metadata={"description": "The payload, if it is asked for."})


class RefusedLetterSchema(LetterSchema):
    """A dead letter that stays one, and why."""

    refused_for = fields.String(required=True)
    problem = fields.String(required=True)


class ReplayedSchema(Schema):
    """What was or would be sent again, and what was not."""

    replayed = fields.List(fields.Nested(LetterSchema), required=True)
    refused = fields.List(
        fields.Nested(RefusedLetterSchema),
        required=True,
        metadata={"description": "A worker would reject them again."},
    )
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Delivery ids that no dead letter has."},
    )
    dry_run = fields.Boolean(required=True)
    is_complete = fields.Boolean(
        required=True,
        metadata={"description": "Whether all dead letters were looked at."},
    )


class DroppedSchema(Schema):
    """What was or would be dropped."""

    dropped = fields.List(fields.Nested(LetterSchema), required=True)
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Delivery ids that no dead letter has."},
    )
    dry_run = fields.Boolean(required=True)
