"""Read the events about role promotions that an administrator must approve."""

from dataclasses import dataclass

from marshmallow import fields
from marshmallow.validate import OneOf

from schemas.event import DatedSchema, Event, EventSchema
from schemas.fields import Count, HostId, Text, Told


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Promotion:
    """From which access level to which, by number."""

    new_level: int | None = None
    old_level: int | None = None
    #: True with `old_level` None: the user is no member yet.
    old_level_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApprovalRequestEvent(Event):
    """A promotion that waits for an administrator."""

    user_id: int
    requested_by: int | None = None
    namespace_id: int | None = None
    promotion: Promotion


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Result:
    """How carrying out a decision went: `success`, `partial_success`, `failed`."""

    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApprovalDecisionEvent(Event):
    """What an administrator decided about all promotions of one user."""

    user_id: int
    reviewed_by: int | None = None
    #: `approve` or `deny`.
    action: str
    result: Result | None = None


class PromotionSchema(EventSchema):
    """The attributes of a request."""

    makes = Promotion

    new_level = Count(data_key="new_access_level")
    old_level = Count(data_key="old_access_level")
    old_level_told = Told(data_key="old_access_level")


class ApprovalRequestSchema(DatedSchema):
    """The payload of `gitlab_subscription_member_approval`; its action is enqueue."""

    makes = ApprovalRequestEvent

    user_id = HostId(required=True)
    requested_by = HostId(data_key="requested_by_user_id")
    namespace_id = HostId(data_key="promotion_namespace_id")
    promotion = fields.Nested(
        PromotionSchema, data_key="object_attributes", required=True
    )


class ResultSchema(EventSchema):
    """The attributes of a decision."""

    makes = Result

    status = Text()


class ApprovalDecisionSchema(DatedSchema):
    """The payload of `gitlab_subscription_member_approvals`."""

    makes = ApprovalDecisionEvent

    user_id = HostId(required=True)
    reviewed_by = HostId(data_key="reviewed_by_user_id")
    action = fields.String(required=True, validate=OneOf(["approve", "deny"]))
    result = fields.Nested(
        ResultSchema, data_key="object_attributes", load_default=None
    )
