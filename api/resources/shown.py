"""Say what the API shows of documents of each kind; nothing else leaves the state."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_dump


class Shown(Schema):
    """What every document shows; a field that no event told is not there."""

    id = fields.String(
        attribute="_id",
        required=True,
        metadata={"description": "`<source>:<id at the host>`"},
    )
    source = fields.String(metadata={"description": "The Git host that told of it."})
    state = fields.String(
        metadata={
            "enum": ["active", "deleted"],
            "description": "What is deleted shows no more than its ids.",
        }
    )


class Dated(Shown):
    """A document with the host's times."""

    created_at = fields.DateTime(metadata={"description": "At the host."})
    updated_at = fields.DateTime(metadata={"description": "At the host."})


class User(Dated):
    """An account at the host."""

    user_id = fields.Integer()
    username = fields.String()
    name = fields.String()
    email = fields.String()
    login_state = fields.String(
        metadata={"description": "Why the host refused their last login."}
    )
    teams = fields.List(fields.String())


class Owner(Schema):
    """Whom the host lists as an owner."""

    name = fields.String()
    email = fields.String()


class Project(Dated):
    """A project."""

    project_id = fields.Integer()
    name = fields.String()
    path = fields.String()
    path_with_namespace = fields.String()
    visibility = fields.String()
    owners = fields.List(fields.Nested(Owner))
    namespace_id = fields.Integer(
        metadata={"description": "The id of the group it is in."}
    )


class Group(Dated):
    """A group or a subgroup."""

    group_id = fields.Integer()
    name = fields.String()
    path = fields.String()
    full_path = fields.String()


class AccessRequest(Dated):
    """A wish to be a member of a project or of a group."""

    user_id = fields.Integer()
    project_id = fields.Integer()
    group_id = fields.Integer()
    access_level = fields.String(metadata={"example": "Maintainer"})
    access_value = fields.Integer(
        allow_none=True, metadata={"description": "null: a custom role of the host."}
    )


class Membership(AccessRequest):
    """A membership of a project or of a group."""

    expires_at = fields.DateTime(allow_none=True)


class Key(Dated):
    """An SSH key."""

    key_id = fields.Integer()
    username = fields.String()
    kind = fields.String(metadata={"example": "user"})
    fingerprint = fields.String()
    key = fields.String()


class Activity(Dated):
    """A push, a tag, the refs that a push moved, or a merge request as it is now."""

    at = fields.DateTime(
        metadata={"description": "When the host dated it, else when we received it."}
    )
    kind = fields.String(metadata={"example": "push"})
    project_id = fields.Integer()
    user_id = fields.Integer()
    ref = fields.String()
    before = fields.String()
    after = fields.String()
    commits = fields.Integer()
    refs = fields.List(fields.String())
    ref_count = fields.Integer()
    iid = fields.Integer()
    title = fields.String()
    merge_request_state = fields.String()
    action = fields.String()
    source_branch = fields.String()
    target_branch = fields.String()
    author_id = fields.Integer()

    @pre_dump
    def date(self, document: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Take the time out of the version."""
        version = document.get("version")
        return dict(document) | ({"at": version[1]} if version else {})


class Approval(Dated):
    """A promotion that waits for an administrator of the host, or was decided."""

    user_id = fields.Integer()
    status = fields.String(metadata={"example": "pending"})
    namespace_id = fields.Integer()
    new_access_value = fields.Integer()
    old_access_value = fields.Integer(allow_none=True)
    requested_by = fields.Integer()
    reviewed_by = fields.Integer()


class Team(Schema):
    """A team that users of a source belong to."""

    id = fields.String(attribute="_id", required=True)
    source = fields.String()
    name = fields.String()
