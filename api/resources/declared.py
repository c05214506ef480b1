"""Declare the resources: where each is, what it shows, what it can be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Field

from api.resources import shown
from api.resources.parameters import id_at_host, word
from state.collections import declare
from state.orders import LISTED, Listed

#: What is left of a document that is deleted, beside its ids.
_LEFT = ("_id", "source", "state")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of documents, and one way of asking for them."""

    #: As in the path: `access-requests`.
    name: str
    shown: type[Schema]
    #: How somebody reads it in a sentence.
    singular: str
    #: Parameters that a field of the same name must be equal to.
    filters: Mapping[str, Field[Any]] = field(default_factory=dict)
    #: In which order rows come if nobody asks for one; by `_id` if "".
    usual_sort: str = "id"

    @property
    def collection(self) -> str:
        return self.name.replace("-", "_")

    @property
    def listed(self) -> Listed:
        return LISTED[self.collection]

    @property
    def searched(self) -> list[str]:
        """Return the sorts by text; the first is what is searched usually."""
        orders = self.listed.orders
        return [sort for sort in orders if orders[sort].holds == "text"]

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return the field in the document of each field that is shown."""
        declared = self.shown().fields
        found = {name: it.attribute or name for name, it in declared.items()}
        # A time that is part of the version.
        return found | ({"at": "version"} if "at" in found else {})

    @property
    def left(self) -> frozenset[str]:
        """Return the fields that a tombstone may show."""
        collection = declare("").get(self.collection)
        ids = collection.identity_fields if collection else frozenset[str]()
        return ids.union(_LEFT)


def _of_members(name: str, schema: type[Schema], singular: str) -> Resource:
    filters = {
        "user_id": id_at_host("Of this user."),
        "project_id": id_at_host("Of this project."),
        "group_id": id_at_host("Of this group."),
        "access_level": word("With this label of the host.", "Maintainer"),
    }
    return Resource(name, schema, singular, filters)


USERS = Resource("users", shown.User, "a user")
TEAMS = Resource("teams", shown.Team, "a team")
RESOURCES = (
    USERS,
    Resource(
        "projects",
        shown.Project,
        "a project",
        {
            "namespace_id": id_at_host("In the group with this id."),
            "visibility": word("With this visibility.", "private"),
        },
    ),
    Resource("groups", shown.Group, "a group"),
    _of_members("memberships", shown.Membership, "a membership"),
    _of_members("access-requests", shown.AccessRequest, "an access request"),
    Resource(
        "keys", shown.Key, "a key", {"kind": word("`user` or `deploy`.", "deploy")}
    ),
    Resource(
        "activity",
        shown.Activity,
        "an activity",
        {
            "project_id": id_at_host("In this project."),
            "user_id": id_at_host("By this user."),
            "kind": word("Of this kind.", "merge_request"),
        },
        usual_sort="-at",
    ),
    Resource(
        "approvals",
        shown.Approval,
        "an approval",
        {
            "user_id": id_at_host("Of this user."),
            "status": word("With this status.", "pending"),
        },
    ),
    TEAMS,
)
