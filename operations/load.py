"""Measure how much waits where, and how fast it goes, without taking any of it."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

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
        #: When the queue of events was last seen empty.
        self._empty_at: datetime | None = None
        self._lock = threading.Lock()

    def read(self, now: datetime) -> Load:
        """Return how it is; raise Unavailable, or TookTooLong."""
        events, dead_letters = self._queues.depths()
        with limited(LEDGER_SECONDS):
            found = flow.read(self._db, now)
        return Load(
            self._events(events, found, now),
            _dead_letters(dead_letters, found, now),
            self._spooled(now),
            now,
        )

    def _events(self, depth: Depth, found: Flow, now: datetime) -> Line:
        oldest = self._oldest(depth, found, now)
        return Line(
            depth.name,
            depth.ready,
            depth.consumers,
            _rate(found.received + _came(depth.ready, oldest)),
            _rate(found.worked),
            oldest,
        )

    def _oldest(self, depth: Depth, found: Flow, now: datetime) -> float | None:
        """Return how old the oldest that waits is at most, in seconds.

        The queue is worked in its order, so what waits came after what was worked.
        """
        with self._lock:
            if not depth.ready:
                self._empty_at = now
                return None
            bounds = [it for it in (found.newest, self._empty_at) if it is not None]
        return _age(max(bounds), now) if bounds else None

    def _spooled(self, now: datetime) -> Spooled | None:
        found = self._spool.look(SPOOL_SECONDS)
        if found is None:
            return None
        oldest = None if found.oldest is None else _age(from_micros(found.oldest), now)
        return Spooled(found.files, found.events, oldest)


def _dead_letters(depth: Depth, found: Flow, now: datetime) -> Line:
    oldest = found.oldest_death if depth.ready else None
    return Line(
        depth.name,
        depth.ready,
        depth.consumers,
        _rate(found.died),
        _rate(found.left_dead),
        None if oldest is None else _age(oldest, now),
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
