"""Keep the badges that people earn."""

from dataclasses import dataclass

from handlers import Change, Delete, Put, handles
from schemas.event import DatedSchema, Event
from schemas.fields import HostId, Text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BadgeEvent(Event):
    """A badge, as of one moment."""

    id: int
    label: str | None = None


class BadgeSchema(DatedSchema):
    """The payload of every `badge_*` event."""

    makes = BadgeEvent

    id = HostId(required=True)
    label = Text()


@handles("badge_create", "badge_update", schema=BadgeSchema)
def save(badge: BadgeEvent) -> list[Change]:
    """Keep what is told of a badge."""
    return [Put("badges", badge.id, {"label": badge.label})]


@handles("badge_destroy", schema=BadgeSchema)
def remove(badge: BadgeEvent) -> list[Change]:
    """Delete the badge."""
    return [Delete("badges", badge.id)]
