"""Declare the collections: what identifies a document, and what it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.changes import Id


@dataclass(frozen=True, slots=True)
class Parent:
    """A relation: the field that holds the id of a document in another collection."""

    field: str
    collection: str


@dataclass(frozen=True, slots=True)
class Collection:
    """How documents of one collection are identified, deleted, related and moved."""

    name: str
    identity: Callable[[Id], dict[str, Any]]
    #: The names that `identity` may return.
    identity_fields: frozenset[str]
    #: The host never uses an id again: a deletion is the last word.
    final: bool = False
    #: A removed row may be added again: the version begins with the row's `created_at`.
    by_row: bool = False
    parents: tuple[Parent, ...] = ()
    #: The field that holds a path, which moves of what is above it change.
    path: str = ""
    #: The collections whose moves count for `path`.
    moved_by: tuple[str, ...] = ()
    #: `path` is a person's name: it moves and goes with the person.
    by_name: bool = False
    #: The field that lists people by name and e-mail, who may be gone one day.
    people: str = ""
    #: The fields by which others may list the person, once it is gone.
    known_by: tuple[str, ...] = ()
    #: What a document that becomes known starts with, beside what events tell.
    defaults: Mapping[str, Any] = field(default_factory=dict)


def _numbered(name: str, field_name: str, **how: Any) -> Collection:
    return Collection(
        name, lambda id_: {field_name: id_}, frozenset({field_name}), **how
    )


def _of_members(name: str) -> Collection:
    return Collection(
        name,
        _member,
        frozenset({"user_id", "project_id", "group_id"}),
        by_row=True,
        parents=(
            Parent("user_id", "users"),
            Parent("project_id", "projects"),
            Parent("group_id", "groups"),
        ),
    )


def _member(id_: Id) -> dict[str, Any]:
    kind, parent, user = str(id_).split(":")
    if kind not in {"project", "group"}:
        raise ValueError("a member is of a project or of a group")
    return {f"{kind}_id": int(parent), "user_id": int(user)}


def _activity(id_: Id) -> dict[str, Any]:
    _, project, _ = str(id_).split(":")
    return {"activity_id": id_, "project_id": int(project)}


def declare(team: str) -> dict[str, Collection]:
    """Return the collections by name; every user that is known belongs to `team`."""
    declared = (
        _numbered(
            "users",
            "user_id",
            final=True,
            known_by=("email", "name"),
            defaults={"teams": [team]},
        ),
        _numbered(
            "projects",
            "project_id",
            final=True,
            parents=(Parent("namespace_id", "groups"),),
            path="path_with_namespace",
            moved_by=("groups", "users"),
            people="owners",
        ),
        _numbered(
            "groups",
            "group_id",
            final=True,
            path="full_path",
            moved_by=("groups",),
        ),
        _of_members("memberships"),
        _of_members("access_requests"),
        _numbered(
            "keys",
            "key_id",
            final=True,
            path="username",
            moved_by=("users",),
            by_name=True,
        ),
        Collection(
            "activity",
            _activity,
            frozenset({"activity_id", "project_id"}),
            parents=(Parent("project_id", "projects"),),
        ),
        _numbered("approvals", "user_id", parents=(Parent("user_id", "users"),)),
    )
    return {collection.name: collection for collection in declared}


def undeclared(name: str) -> Collection:
    """Return the plain collection that a handler module of somebody else writes to."""
    return _numbered(name, "id")
