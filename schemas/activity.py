"""Read the events about work in repositories: pushes, tags and merge requests."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError, fields, post_load

from schemas.event import DatedSchema, Event, EventSchema
from schemas.fields import MAX_TEXT, Count, HostField, HostId, Text, storable

#: What a line of a repository update has.
_CHANGE = ("ref", "before", "after")
_TEXT = {"type": "string", "maxLength": MAX_TEXT}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PushEvent(Event):
    """One branch or tag that moved; the host tells no time of it."""

    project_id: int
    user_id: int | None = None
    ref: str
    before: str | None = None
    after: str | None = None
    #: All commits of the push, though the payload lists 20 at most.
    commits: int | None = None


@dataclass(frozen=True, slots=True)
class RefChange:
    """One line of a repository update."""

    ref: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RepositoryUpdateEvent(Event):
    """All refs that one push moved; the host tells no time of it."""

    project_id: int
    user_id: int | None = None
    refs: tuple[str, ...] | None = None
    changes: tuple[RefChange, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MergeRequestEvent(Event):
    """A merge request, as of one moment."""

    #: The project into which it is to be merged.
    project_id: int
    iid: int
    title: str | None = None
    state: str | None = None
    action: str | None = None
    source_branch: str | None = None
    target_branch: str | None = None
    author_id: int | None = None


class PushSchema(EventSchema):
    """The payload of `push` and `tag_push`."""

    makes = PushEvent

    project_id = HostId(required=True)
    user_id = HostId()
    ref = Text(required=True)
    before = Text()
    after = Text()
    commits = Count(data_key="total_commits_count")


class Refs(HostField[tuple[str, ...]]):
    """A list of ref names; a push of a mirror has hundreds of thousands."""

    shape = MappingProxyType({"type": "array", "items": _TEXT})

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a list.")
        return tuple(storable(ref, most=MAX_TEXT) for ref in value)


class RefChanges(HostField[tuple[RefChange, ...]]):
    """A list of changes; a nested schema would take seconds over a large push."""

    shape = MappingProxyType(
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": list(_CHANGE),
                "properties": dict.fromkeys(_CHANGE, _TEXT),
            },
        }
    )

    def read(self, value: Any) -> tuple[RefChange, ...]:
        if not isinstance(value, list):
            raise ValidationError("Not a list.")
        return tuple(_ref_change(item) for item in value)


class RepositoryUpdateSchema(EventSchema):
    """The payload of `repository_update`."""

    makes = RepositoryUpdateEvent

    project_id = HostId(required=True)
    user_id = HostId()
    refs = Refs()
    changes = RefChanges()


class MergeRequestAttributesSchema(DatedSchema):
    """The object in which the host puts the merge request itself."""

    makes = MergeRequestEvent

    project_id = HostId(data_key="target_project_id", required=True)
    iid = HostId(required=True)
    title = Text()
    state = Text()
    action = Text()
    source_branch = Text()
    target_branch = Text()
    author_id = HostId()


class MergeRequestSchema(EventSchema):
    """The payload of `merge_request`."""

    object_attributes = fields.Nested(MergeRequestAttributesSchema, required=True)

    @post_load
    def build(self, values: dict[str, Any], **_: Any) -> Any:
        """Return the event that the nested schema made."""
        return values["object_attributes"]


def _ref_change(item: Any) -> RefChange:
    if not isinstance(item, dict):
        raise ValidationError("Not a list of objects.")
    ref, before, after = (storable(item.get(key), most=MAX_TEXT) for key in _CHANGE)
    return RefChange(ref, before, after)
