"""Say which dead letters are meant: by id, event, reason, handler, source and time."""

from dataclasses import dataclass, fields
from datetime import datetime

from broker.dead_letter import DeadLetter
from state.version import from_micros


@dataclass(frozen=True, slots=True)
class Selection:
    """The dead letters that fit in every respect that is given; if none is, all."""

    ids: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    handlers: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Return whether anything is given."""
        return any(getattr(self, one.name) for one in fields(self))

    def takes(self, letter: DeadLetter) -> bool:
        """Return whether `letter` fits."""
        told = (
            (self.ids, letter.delivery_id),
            (self.events, letter.event),
            (self.reasons, letter.reason),
            (self.handlers, letter.handler),
            (self.sources, letter.source),
        )
        fits = all(not wanted or it in wanted for wanted, it in told)
        return fits and self._is_in_time(letter.dead_at)

    def _is_in_time(self, dead_at: int | None) -> bool:
        if self.since is None and self.until is None:
            return True
        if dead_at is None:
            return False
        moment = from_micros(dead_at)
        is_late_enough = self.since is None or moment >= self.since
        return is_late_enough and (self.until is None or moment < self.until)
