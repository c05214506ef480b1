"""Measure how much waits where, and how fast it goes, without taking any of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from operations.oldest import Oldest
from operations.queues import Depth, Queues
from operations.spool import SpoolCount
from state import flow
from state.client import limited
from state.documents import Db
from state.flow import Flow
from state.version import from_micros

#: What MongoDB, and the disk of the spool, may take, in seconds.
LEDGER_SECONDS = 2.0
SPOOL_SECONDS = 0.5
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A queue: what waits, what came and went within the last minute."""

    name: str
    depth: int
    consumers: int
    in_per_second: float
    out_per_second: float
    oldest_seconds: float | None
    #: What somebody has in hand; None if RabbitMQ does not tell.
    unacknowledged: int | None = None


@dataclass(frozen=True, slots=True)
class Spooled:
    """What waits in the spool of this machine."""

    files: int
    events: int | None
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class Load:
    """All of it, at a moment."""

    events: Line
    dead_letters: Line
    spool: Spooled | None
    made_at: datetime


class Meter:
    """Looks at queues, ledger and spool; safe to share among threads."""

    def __init__(self, queues: Queues, db: Db, spool: Path) -> None:
        self._queues = queues
        self._db = db
        self._spool = SpoolCount(spool)
        self._oldest = Oldest()

    def read(self, now: datetime) -> Load:
        """Return how it is; raise Unavailable, or TookTooLong."""
        depths = self._queues.depths()
        with limited(LEDGER_SECONDS):
            found = flow.read(self._db, now)
        return self.measured(depths, found, self.spooled(now), now)

    def measured(
        self,
        depths: tuple[Depth, Depth],
        found: Flow,
        spool: Spooled | None,
        now: datetime,
    ) -> Load:
        """Return what queues, ledger and spool tell together; ask nobody."""
        events, dead_letters = depths
        return Load(
            self._events(events, found, now),
            _dead_letters(dead_letters, found, now),
            spool,
            now,
        )

    def _events(self, depth: Depth, found: Flow, now: datetime) -> Line:
        since = self._oldest.since(depth.waiting, found.newest, now)
        oldest = None if since is None else _age(since, now)
        return Line(
            depth.name,
            depth.ready,
            depth.consumers,
            _rate(found.received + _came(depth.ready, oldest)),
            _rate(found.worked),
            oldest,
            depth.unacknowledged,
        )

    def spooled(self, now: datetime) -> Spooled | None:
        """Return what waits in the spool of this machine; None if it has none."""
        found = self._spool.look(SPOOL_SECONDS)
        if found is None:
            return None
        oldest = None if found.oldest is None else _age(from_micros(found.oldest), now)
        return Spooled(found.files, found.events, oldest)


def _dead_letters(depth: Depth, found: Flow, now: datetime) -> Line:
    oldest = found.oldest_death if depth.waiting else None
    return Line(
        depth.name,
        depth.ready,
        depth.consumers,
        _rate(found.died),
        _rate(found.left_dead),
        None if oldest is None else _age(oldest, now),
        depth.unacknowledged,
    )


def _came(waiting: int, oldest: float | None) -> float:
    """Return how many of those that wait came within the last minute, about."""
    if oldest is None or oldest <= _MINUTE:
        return waiting
    return waiting * _MINUTE / oldest


def _rate(number: float) -> float:
    return round(number / _MINUTE, 2)


def _age(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment) / timedelta(seconds=1))
