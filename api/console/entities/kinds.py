"""Declare how each kind of documents looks in the console: its columns, its kin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.resources.declared import RESOURCES, Resource


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a document in a list."""

    field: str
    label: str
    #: The sort that its head offers; "" if it offers none.
    sort: str = ""
    #: The kind of documents that its number is the id of.
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Kin:
    """Documents of another kind that hold something of this one."""

    label: str
    kind: str
    #: Their parameter, and field, that holds it.
    by: str
    #: What it is of this one; "": its number.
    of: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of documents."""

    label: str
    #: The first one names a document, and leads to it.
    columns: tuple[Column, ...]
    #: The field with the number at the host that its kin hold.
    number: str = ""
    kin: tuple[Kin, ...] = ()

    @property
    def title(self) -> str:
        """Return the field by which people know a document."""
        return self.columns[0].field


_UPDATED = Column("updated_at", "Changed at the host", "updated_at")
_USER = Column("user_id", "User", leads_to="users")
_PROJECT = Column("project_id", "Project", leads_to="projects")
_GROUP = Column("group_id", "Group", leads_to="groups")
_NAMESPACE = Column("namespace_id", "Group", leads_to="groups")
_ID = Column("id", "Id", "id")


def _of_members(label: str, *more: Column) -> Kind:
    access = Column("access_level", "Access")
    return Kind(label, (_ID, _USER, _PROJECT, _GROUP, access, *more, _UPDATED))


KINDS: Mapping[str, Kind] = {
    "users": Kind(
        "Users",
        (
            Column("username", "Username", "username"),
            Column("name", "Name", "name"),
            Column("email", "E-mail"),
            Column("user_id", "Number"),
            _UPDATED,
        ),
        "user_id",
        (
            Kin("Memberships", "memberships", "user_id"),
            Kin("Access requests", "access-requests", "user_id"),
            # The host names only whose they are.
            Kin("Keys", "keys", "username", of="username"),
            Kin("Approvals", "approvals", "user_id"),
        ),
    ),
    "projects": Kind(
        "Projects",
        (
            Column("path_with_namespace", "Path", "path_with_namespace"),
            Column("name", "Name", "name"),
            Column("visibility", "Visibility"),
            _NAMESPACE,
            Column("project_id", "Number"),
            _UPDATED,
        ),
        "project_id",
        (
            Kin("Memberships", "memberships", "project_id"),
            Kin("Access requests", "access-requests", "project_id"),
            Kin("Activity", "activity", "project_id"),
        ),
    ),
    "groups": Kind(
        "Groups",
        (
            Column("full_path", "Path", "full_path"),
            Column("name", "Name", "name"),
            Column("group_id", "Number"),
            _UPDATED,
        ),
        "group_id",
        (
            Kin("Projects", "projects", "namespace_id"),
            Kin("Memberships", "memberships", "group_id"),
            Kin("Access requests", "access-requests", "group_id"),
        ),
    ),
    "memberships": _of_members("Memberships", Column("expires_at", "Ends")),
    "access-requests": _of_members("Access requests"),
    "keys": Kind(
        "Keys",
        (
            Column("key_id", "Number", "id"),
            Column("kind", "Kind"),
            Column("username", "User", "username"),
            Column("fingerprint", "Fingerprint"),
            Column("created_at", "Made at the host"),
        ),
    ),
    "activity": Kind(
        "Activity",
        (
            _ID,
            Column("at", "When", "at"),
            Column("kind", "Kind"),
            _PROJECT,
            _USER,
            Column("ref", "Ref"),
            Column("title", "Title"),
        ),
    ),
    "approvals": Kind(
        "Approvals",
        (_ID, _USER, Column("status", "Status"), _NAMESPACE, _UPDATED),
    ),
    "teams": Kind("Teams", (Column("name", "Name"), Column("source", "Git host"))),
}
RESOURCE_OF: Mapping[str, Resource] = {it.name: it for it in RESOURCES}
#: The field by which people know a document that others refer to by its number.
NAMED_BY = {
    "users": "username",
    "projects": "path_with_namespace",
    "groups": "full_path",
}
#: The kind that a number in a field is the id of.
LEADS_TO = {
    "user_id": "users",
    "author_id": "users",
    "requested_by": "users",
    "reviewed_by": "users",
    "project_id": "projects",
    "group_id": "groups",
    "namespace_id": "groups",
}


def label(field: str) -> str:
    """Return how a field is called on a page."""
    return field.replace("_", " ").capitalize()


def refers(kind: Kind, field: str, value: Any) -> str:
    """Return the kind that a field leads to; "" if it is no reference."""
    is_own = field == kind.number
    return "" if is_own or value is None else LEADS_TO.get(field, "")
