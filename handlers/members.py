"""Keep who belongs to which project and group, with which access."""

from typing import Any

from handlers import NULL, Change, Delete, Mention, Put, handles
from schemas.access import Access
from schemas.members import (
    GroupMemberEvent,
    GroupMemberSchema,
    MemberEvent,
    ProjectMemberEvent,
    ProjectMemberSchema,
)


@handles("user_add_to_team", schema=ProjectMemberSchema)
def join_project(member: ProjectMemberEvent) -> list[Change]:
    """Keep the membership; the request for it, if there was one, is the same row."""
    if member.user_id is None:
        return _in_project(member)
    return [*_in_project(member), Delete("access_requests", project_row(member))]


@handles("user_update_for_team", schema=ProjectMemberSchema)
def change_in_project(member: ProjectMemberEvent) -> list[Change]:
    """Keep the new access."""
    return _in_project(member)


@handles("user_remove_from_team", schema=ProjectMemberSchema)
def leave_project(member: ProjectMemberEvent) -> list[Change]:
    """Delete the membership; its old time would misdate the project's paths."""
    gone = [Delete("memberships", project_row(member))] if member.user_id else []
    return [*gone, *person(member)]


@handles("user_add_to_group", schema=GroupMemberSchema)
def join_group(member: GroupMemberEvent) -> list[Change]:
    """Keep the membership; the request for it, if there was one, is the same row."""
    return [*_in_group(member), Delete("access_requests", group_row(member))]


@handles("user_update_for_group", schema=GroupMemberSchema)
def change_in_group(member: GroupMemberEvent) -> list[Change]:
    """Keep the new access and the new date of expiry."""
    return _in_group(member)


@handles("user_remove_from_group", schema=GroupMemberSchema)
def leave_group(member: GroupMemberEvent) -> list[Change]:
    """Delete the membership; its old time would misdate the group's path."""
    return [Delete("memberships", group_row(member)), *person(member)]


def project_row(member: ProjectMemberEvent) -> str:
    """Return the id of the row that joins a user to a project."""
    return f"project:{member.project_id}:{member.user_id}"


def group_row(member: GroupMemberEvent) -> str:
    """Return the id of the row that joins a user to a group."""
    return f"group:{member.group_id}:{member.user_id}"


def person(member: MemberEvent) -> list[Change]:
    """Tell of the user; the address is the public one, so only in passing."""
    if member.user_id is None:
        return []
    return [
        Put(
            "users", member.user_id, {"username": member.username, "name": member.name}
        ),
        Mention("users", member.user_id, {"email": member.email}),
    ]


def project(member: ProjectMemberEvent) -> Mention:
    """Tell of the project in passing."""
    told = {
        "name": member.project_name,
        "path": member.project_path,
        "path_with_namespace": member.path_with_namespace,
        "visibility": member.visibility,
    }
    return Mention("projects", member.project_id, told)


def group(member: GroupMemberEvent) -> Mention:
    """Tell of the group in passing; its full path is not told."""
    told = {"name": member.group_name, "path": member.group_path}
    return Mention("groups", member.group_id, told)


def granted(access: Access | None, member: MemberEvent) -> dict[str, Any]:
    """Return the access and the times of the row as fields."""
    # A custom role has no number; the one of the role before must not stay.
    value = None if access is None else NULL if access.value is None else access.value
    return {
        "access_level": access and access.label,
        "access_value": value,
        "created_at": member.created_at,
        "updated_at": member.updated_at,
    }


def _in_project(member: ProjectMemberEvent) -> list[Change]:
    if member.user_id is None:
        # GitLab 7 and before tell a name and an address, which may be anybody's.
        return [project(member)]
    row = Put("memberships", project_row(member), granted(member.access, member))
    return [row, *person(member), project(member)]


def _in_group(member: GroupMemberEvent) -> list[Change]:
    never = member.expires_at_told and member.expires_at is None
    expiry = {"expires_at": NULL if never else member.expires_at}
    fields = {**granted(member.access, member), **expiry}
    row = Put("memberships", group_row(member), fields)
    return [row, *person(member), group(member)]
