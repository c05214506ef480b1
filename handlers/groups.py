"""Keep the groups and subgroups of the host."""

from handlers import Change, Delete, Move, Put, handles
from schemas.groups import GroupEvent, GroupSchema


@handles("group_create", "group_update", schema=GroupSchema)
def save(group: GroupEvent) -> list[Change]:
    """Keep what is told of a group."""
    return [_group(group)]


@handles("group_rename", schema=GroupSchema)
def rename(group: GroupEvent) -> list[Change]:
    """Keep the new path, and move what lies below it: the host tells only this."""
    old, new = _old_full_path(group), _full_path(group)
    if not old or not new:
        return [_group(group)]
    return [_group(group), Move(("groups", group.group_id), old, new)]


@handles("group_destroy", schema=GroupSchema)
def remove(group: GroupEvent) -> list[Change]:
    """Delete the group."""
    return [Delete("groups", group.group_id)]


def _group(group: GroupEvent) -> Put:
    told = {
        "name": group.name,
        "path": group.path,
        "full_path": _full_path(group),
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }
    return Put("groups", group.group_id, told)


def _old_full_path(group: GroupEvent) -> str | None:
    is_subgroup = "/" in (group.full_path or "")
    # Alone, the last part of a subgroup's path would be that of another group.
    return group.old_full_path or (None if is_subgroup else group.old_path)


def _full_path(group: GroupEvent) -> str | None:
    # Hosts that do not send the full path have no subgroups.
    return group.full_path or group.path
