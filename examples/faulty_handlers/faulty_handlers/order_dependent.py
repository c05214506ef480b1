"""Keep who belongs to a crew; wrong, since it remembers what came before."""

from dataclasses import dataclass

from handlers import Change, Put, handles
from schemas.event import DatedSchema, Event
from schemas.fields import HostId, Text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CrewEvent(Event):
    """A member of a crew, as of one moment."""

    id: int
    name: str


class CrewSchema(DatedSchema):
    """The payload of `crew_join`."""

    makes = CrewEvent

    id = HostId(required=True)
    name = Text(required=True)


_first_names: dict[int, str] = {}


@handles("crew_join", schema=CrewSchema)
def join(member: CrewEvent) -> list[Change]:
    """Keep the first name that was told: whichever event a worker takes first."""
    first = _first_names.setdefault(member.id, member.name)
    return [Put("crew", member.id, {"name": member.name, "first_name": first})]
