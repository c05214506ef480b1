"""Read the events about groups and subgroups."""

from dataclasses import dataclass

from schemas.event import DatedSchema, Event
from schemas.fields import HostId, Text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GroupEvent(Event):
    """A group, as of one moment."""

    group_id: int
    name: str | None = None
    #: The last segment of the full path.
    path: str | None = None
    #: None on hosts that are too old for subgroups.
    full_path: str | None = None
    #: Only told by `group_rename`.
    old_path: str | None = None
    old_full_path: str | None = None


class GroupSchema(DatedSchema):
    """The payload of every `group_*` event."""

    makes = GroupEvent

    group_id = HostId(required=True)
    name = Text()
    path = Text()
    full_path = Text()
    old_path = Text()
    old_full_path = Text()
