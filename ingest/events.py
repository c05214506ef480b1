"""Name the events of the host that metrics show by name; any other is `other`."""

#: What senders may make up must not become a label: each would be a new time series.
KNOWN = frozenset(
    {
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
    }
)


def label(event: str | None) -> str:
    """Return the event's name if the host documents it, else `other`."""
    return event if event in KNOWN else "other"
