"""Remove dead letters for good, once the ledger says so."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from broker.dead_letter import DeadLetter
from broker.holding import HeldLetter, Holding
from operations.letters import summary
from state.documents import Db
from state.dropped import note_dropped
from state.ledger import Row
from state.version import from_micros

#: How many are noted in the ledger at once.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Doomed:
    """A dead letter that is to be removed; its body is not kept in memory."""

    tag: int
    told: dict[str, Any]
    #: What the ledger shall say if it says nothing yet; None if nobody accepted it.
    row: Row | None = field(default=None, repr=False)


def doom(held: HeldLetter) -> Doomed:
    """Return what is to be known of a dead letter that is to be removed."""
    return Doomed(held.tag, summary(held.letter), _row(held.letter, datetime.now(UTC)))


def drop(
    doomed: Sequence[Doomed],
    holding: Holding,
    db: Db,
    *,
    note: str | None,
    watched: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> None:
    """Write the ledger, then remove the letters; `watched` may show how far it is.

    A crash between the two leaves letters that can be dropped again. Raise a
    BrokerUnavailable if it is unknown whether they are gone.
    """
    for start in watched(range(0, len(doomed), CHUNK)):
        some = doomed[start : start + CHUNK]
        note_dropped(db, _rows(some), at=datetime.now(UTC), note=note)
        holding.remove([one.tag for one in some])
    holding.settle()


def _rows(doomed: Iterable[Doomed]) -> list[Row]:
    return [one.row for one in doomed if one.row is not None]


def _row(letter: DeadLetter, now: datetime) -> Row | None:
    """Return a row for what a receiver accepted; None for what somebody else sent."""
    told = (letter.source, letter.delivery_id, letter.receipt, letter.event)
    source, delivery_id, receipt, event = told
    if not (source and delivery_id and receipt and event):
        return None
    accepted = letter.received_at
    return Row(
        source=source,
        delivery_id=delivery_id,
        receipt=receipt,
        event=event,
        outcome="dead",
        received_at=now if accepted is None else from_micros(accepted),
        processed_at=now,
        attempts=letter.attempts,
        reason=letter.reason,
    )
