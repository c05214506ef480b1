"""List the events that a GitLab host can send, with what unhandled ones look like."""

from collections.abc import Mapping
from typing import Any

#: What system hooks tell: documented, sent all the same, or named on one page only.
SYSTEM_HOOKS = (
    "deploykey_create",
    "deploykey_destroy",
    "gitlab_subscription_member_approval",
    "gitlab_subscription_member_approvals",
    "group_create",
    "group_destroy",
    "group_rename",
    "group_update",
    "key_create",
    "key_destroy",
    "ldapkey_create",
    "ldapkey_destroy",
    "merge_request",
    "project_create",
    "project_destroy",
    "project_rename",
    "project_transfer",
    "project_update",
    "push",
    "repository_update",
    "tag_push",
    "user_access_request_denied_for_group",
    "user_access_request_denied_for_project",
    "user_access_request_revoked_for_group",
    "user_access_request_revoked_for_project",
    "user_access_request_to_group",
    "user_access_request_to_project",
    "user_add_to_group",
    "user_add_to_team",
    "user_create",
    "user_destroy",
    "user_failed_login",
    "user_remove_from_group",
    "user_remove_from_team",
    "user_rename",
    "user_update_for_group",
    "user_update_for_team",
)

_SUBGROUP = {
    "created_at": "2026-01-05T08:00:00Z",
    "updated_at": "2026-01-05T08:00:00Z",
    "name": "Tools",
    "path": "tools",
    "full_path": "engineering/tools",
    "group_id": 79,
    "parent_group_id": 78,
    "parent_name": "Engineering",
    "parent_path": "engineering",
    "parent_full_path": "engineering",
}

#: What web hooks of projects and groups tell as well, if they are pointed at the
#: receiver: the parts of an example that a handler may want to read.
WEB_HOOKS: Mapping[str, Mapping[str, Any]] = {
    "deployment": {
        "object_kind": "deployment",
        "deployment_id": 15,
        "deployable_id": 796,
        "status": "success",
        "status_changed_at": "2026-01-05 08:00:00 +0200",
        "environment": "staging",
        "environment_tier": "staging",
        "ref": "main",
        "short_sha": "279484c0",
    },
    "feature_flag": {
        "object_kind": "feature_flag",
        "object_attributes": {
            "id": 6,
            "name": "test-feature-flag",
            "description": "Shows the new page",
            "active": True,
        },
    },
    "issue": {
        "object_kind": "issue",
        "event_type": "issue",
        "object_attributes": {
            "id": 301,
            "iid": 23,
            "project_id": 74,
            "author_id": 201,
            "title": "A page is slow",
            "state": "opened",
            "action": "open",
            "created_at": "2026-01-05T08:00:00Z",
            "updated_at": "2026-01-05T08:00:00Z",
            "closed_at": None,
        },
    },
    "milestone": {
        "object_kind": "milestone",
        "event_type": "milestone",
        "object_attributes": {
            "id": 61,
            "iid": 10,
            "project_id": 74,
            "title": "v1.0",
            "state": "active",
            "due_date": "2026-06-30",
            "created_at": "2026-01-05 08:00:00 UTC",
            "updated_at": "2026-01-05 08:00:00 UTC",
        },
        "action": "create",
    },
    "note": {
        "object_kind": "note",
        "event_type": "note",
        "project_id": 74,
        "object_attributes": {
            "id": 1244,
            "project_id": 74,
            "author_id": 201,
            "noteable_type": "Issue",
            "noteable_id": 301,
            "system": False,
            "created_at": "2026-01-05 08:00:00 UTC",
            "updated_at": "2026-01-05 08:00:00 UTC",
        },
    },
    "pipeline": {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": 31,
            "iid": 3,
            "ref": "main",
            "tag": False,
            "sha": "bcbb5ec396a2c0f828686f14fac9b80b780504f2",
            "source": "push",
            "status": "success",
            "created_at": "2026-01-05 08:00:00 UTC",
            "finished_at": "2026-01-05 08:01:03 UTC",
            "duration": 63,
        },
    },
    "release": {
        "object_kind": "release",
        "id": 1,
        "created_at": "2026-01-05 08:00:00 UTC",
        "released_at": "2026-01-05 08:00:00 UTC",
        "name": "v1.1",
        "tag": "v1.1",
        "description": "What is new in v1.1",
        "action": "create",
    },
    "subgroup_create": {"event_name": "subgroup_create", **_SUBGROUP},
    "subgroup_destroy": {"event_name": "subgroup_destroy", **_SUBGROUP},
}


def events() -> list[str]:
    """Return the names of all events of the catalogue, in their order."""
    return sorted([*SYSTEM_HOOKS, *WEB_HOOKS])
