"""Keep which promotions wait for an administrator, and what was decided."""

from handlers import NULL, Change, Put, handles
from schemas.approvals import (
    ApprovalDecisionEvent,
    ApprovalDecisionSchema,
    ApprovalRequestEvent,
    ApprovalRequestSchema,
)

_DECIDED = {"approve": "approved", "deny": "denied"}


@handles("gitlab_subscription_member_approval", schema=ApprovalRequestSchema)
def request(approval: ApprovalRequestEvent) -> list[Change]:
    """Keep that a user waits for a promotion."""
    promotion = approval.promotion
    newcomer = promotion.old_level_told and promotion.old_level is None
    told = {
        "status": "pending",
        "namespace_id": approval.namespace_id,
        "new_access_value": promotion.new_level,
        "old_access_value": NULL if newcomer else promotion.old_level,
        "requested_by": approval.requested_by,
        "created_at": approval.created_at,
        "updated_at": approval.updated_at,
    }
    return [Put("approvals", approval.user_id, told)]


@handles("gitlab_subscription_member_approvals", schema=ApprovalDecisionSchema)
def decide(approval: ApprovalDecisionEvent) -> list[Change]:
    """Keep the decision, or that the host failed to carry it out.

    After `partial_success` the host counts every promotion as decided; after
    `failed` none.
    """
    failed = approval.result is not None and approval.result.status == "failed"
    told = {
        "status": "failed" if failed else _DECIDED[approval.action],
        "reviewed_by": approval.reviewed_by,
        "updated_at": approval.updated_at,
    }
    return [Put("approvals", approval.user_id, told)]
