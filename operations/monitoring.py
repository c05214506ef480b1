"""See how hooks go from the host to the state, also while a server is away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from operations.deadline import Deadline
from operations.fresh import Fresh, Seen
from operations.load import LEDGER_SECONDS, Load, Meter, Spooled
from operations.queues import Depth, Queues
from operations.watching.balance import Balance
from operations.watching.sampler import Sample
from operations.watching.watching import Watching
from schemas.errors import StateUnavailable
from state import flow, lately
from state.client import has_primary, limited
from state.documents import Db
from state.flow import Flow
from state.lately import Lately
from state.minutes import Minute, Minutes
from state.servers import Servers

#: A page asks every two seconds; what changes slowly, or is dear, is kept for longer.
YOUNG_SECONDS, OLDER_SECONDS = 1.5, 4.5
#: How long MongoDB may take to say that it takes writes, and to count minutes.
PING_SECONDS = 1.0
COUNT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger says of just now, and of lately."""

    now: Flow
    lately: Lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All there is to see at a moment; what nobody answers for has a problem."""

    queues: Seen[tuple[Depth, Depth]]
    ledger: Seen[Ledger]
    spool: Seen[Spooled | None]
    minutes: Seen[Sequence[Minute]]
    #: When the newest that the ledger has of each source was received.
    sources: Seen[Mapping[str, datetime]]
    #: What queues and ledger tell together; None if one of them does not answer.
    load: Load | None
    #: What the watch saw last; None if it has not yet.
    balance: Sample[Balance] | None = None
    servers: Sample[Servers] | None = None


class Monitor:
    """Looks when it is asked, in the background; safe to share among threads."""

    def __init__(
        self,
        queues: Queues,
        db: Db,
        spool: Path,
        watching: Watching,
        now: Callable[[], datetime],
    ) -> None:
        self._now = now
        self._watching = watching
        self._meter = Meter(queues, db, spool)
        minutes = Minutes(db)
        self._queues = Fresh(queues.depths_again, young_seconds=YOUNG_SECONDS)
        self._ledger = Fresh(lambda: _ledger(db, now()), young_seconds=YOUNG_SECONDS)
        self._spool = Fresh(
            lambda: self._meter.spooled(now()), young_seconds=YOUNG_SECONDS
        )
        self._sources: Fresh[Mapping[str, datetime]] = Fresh(
            partial(_sources, db), young_seconds=OLDER_SECONDS
        )
        self._minutes: Fresh[Sequence[Minute]] = Fresh(
            lambda: _minutes(db, minutes, now()),
            young_seconds=OLDER_SECONDS,
        )

    def look(self, seconds: float) -> Sight:
        """Return what is known after so many seconds at most."""
        until = Deadline.after(seconds)
        for part in (self._queues, self._ledger, self._spool, self._sources):
            part.begin()
        minutes = self.minutes(until)
        queues, ledger = self._queues.seen(until), self._ledger.seen(until)
        spool = self._spool.seen(until)
        return Sight(
            queues=queues,
            ledger=ledger,
            spool=spool,
            minutes=minutes,
            sources=self._sources.seen(until),
            load=self._load(queues.value, ledger.value, spool.value),
            balance=self._watching.audit.last,
            servers=self._watching.mongodb.last,
        )

    def minutes(self, until: Deadline) -> Seen[Sequence[Minute]]:
        """Return what became of deliveries minute by minute."""
        self._minutes.begin()
        return self._minutes.seen(until)

    def _load(
        self,
        depths: tuple[Depth, Depth] | None,
        ledger: Ledger | None,
        spool: Spooled | None,
    ) -> Load | None:
        if depths is None or ledger is None:
            return None
        return self._meter.measured(depths, ledger.now, spool, self._now())


def _reach(db: Db) -> None:
    """Raise StateUnavailable if it is away: else it would show as one that is slow."""
    if not has_primary(db, seconds=PING_SECONDS):
        raise StateUnavailable("MongoDB does not answer, or has no primary")


def _minutes(db: Db, minutes: Minutes, now: datetime) -> Sequence[Minute]:
    _reach(db)
    return minutes.read(now, seconds=COUNT_SECONDS)


def _ledger(db: Db, now: datetime) -> Ledger:
    _reach(db)
    with limited(LEDGER_SECONDS):
        return Ledger(flow.read(db, now), lately.read(db, now))


def _sources(db: Db) -> Mapping[str, datetime]:
    _reach(db)
    with limited(LEDGER_SECONDS):
        return lately.last_by_source(db)
