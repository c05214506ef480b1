"""Keep who asks for access to which project and group."""

from handlers import Change, Delete, Put, handles, members
from schemas.members import (
    GroupMemberEvent,
    GroupMemberSchema,
    ProjectMemberEvent,
    ProjectRequestSchema,
)


@handles("user_access_request_to_project", schema=ProjectRequestSchema)
def ask_project(wish: ProjectMemberEvent) -> list[Change]:
    """Keep the request."""
    told = members.granted(wish.access, wish)
    row = Put("access_requests", members.project_row(wish), told)
    return [row, *members.person(wish), members.project(wish)]


@handles("user_access_request_to_group", schema=GroupMemberSchema)
def ask_group(wish: GroupMemberEvent) -> list[Change]:
    """Keep the request."""
    told = members.granted(wish.access, wish)
    row = Put("access_requests", members.group_row(wish), told)
    return [row, *members.person(wish), members.group(wish)]


# The host's source says `revoked`, one of its pages says `denied`.
@handles(
    "user_access_request_revoked_for_project",
    "user_access_request_denied_for_project",
    schema=ProjectRequestSchema,
)
def withdraw_project(wish: ProjectMemberEvent) -> list[Change]:
    """Delete the request, which was withdrawn or denied."""
    row = Delete("access_requests", members.project_row(wish))
    return [row, *members.person(wish)]


@handles(
    "user_access_request_revoked_for_group",
    "user_access_request_denied_for_group",
    schema=GroupMemberSchema,
)
def withdraw_group(wish: GroupMemberEvent) -> list[Change]:
    """Delete the request, which was withdrawn or denied."""
    row = Delete("access_requests", members.group_row(wish))
    return [row, *members.person(wish)]
