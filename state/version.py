"""Say which of two events about one document speaks last, in whatever order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple, Self

from handlers.changes import Change, Delete, Mention, Move

#: The row of documents whose id is never used again: it never decides.
ONE_ROW = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rank(IntEnum):
    """What wins within one second, the resolution of the host's times."""

    CREATE = 0
    CHANGE = 1
    DESTROY = 2


class Version(NamedTuple):
    """When a fact was told; versions compare as a whole, the larger one is newer."""

    #: 0 for what another document's event told in passing; it counts until 1 is told.
    own: int
    time: datetime
    #: When the row was made at the host; decides for memberships, which may come again.
    row: datetime
    rank: int
    #: Microseconds since 1970 by the receiver's clock.
    received_at: int
    delivery_id: str

    @classmethod
    def read(cls, stored: Sequence[Any]) -> Self:
        """Return the version that a document holds as an array."""
        return cls(*stored)

    @property
    def moment(self) -> tuple[datetime, int, str]:
        """Return what orders events of different documents: ranks say nothing there."""
        return self.time, self.received_at, self.delivery_id


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an event says of itself; the worker attaches it to every change."""

    source: str
    event: str
    delivery_id: str
    received_at: int
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def time(self) -> datetime:
        """Return the entity's time at the host, else the time of receipt."""
        return self.updated_at or self.created_at or from_micros(self.received_at)


def version_of(change: Change, stamp: Stamp, *, by_row: bool) -> Version:
    """Return the version of `change`; `by_row` where a removed row may come again."""
    time = stamp.time
    if isinstance(change, Move) and change.new is None:
        # A destroy event repeats the last `updated_at`; what came since is gone too.
        # In whole seconds, like all that the host tells.
        time = from_micros(stamp.received_at).replace(microsecond=0)
    return Version(
        own=int(not isinstance(change, Mention)),
        time=time,
        row=(stamp.created_at or ONE_ROW) if by_row else ONE_ROW,
        rank=_rank(change, stamp.event),
        received_at=stamp.received_at,
        delivery_id=stamp.delivery_id,
    )


def from_micros(micros: int) -> datetime:
    """Return the UTC time, cut to the milliseconds that MongoDB keeps."""
    return _EPOCH + timedelta(milliseconds=micros // 1000)


def _rank(change: Change, event: str) -> Rank:
    if isinstance(change, Delete):
        return Rank.DESTROY
    creates = (
        event.endswith("_create") or "_add_to_" in event or "_request_to_" in event
    )
    return Rank.CREATE if creates else Rank.CHANGE
