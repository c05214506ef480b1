"""Keep the runners of a host; wrong, since it looks at the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime

from handlers import Change, Put, handles
from schemas.event import DatedSchema, Event
from schemas.fields import HostId


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunnerEvent(Event):
    """A runner, as of one moment."""

    id: int


class RunnerSchema(DatedSchema):
    """The payload of `runner_register`."""

    makes = RunnerEvent

    id = HostId(required=True)


@handles("runner_register", schema=RunnerSchema)
def register(runner: RunnerEvent) -> list[Change]:
    """Keep when the runner was seen: another time whenever the event is repeated."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [Put("runners", runner.id, {"seen_at": today})]
