"""Reconcile what was accepted with what the ledger and other places account for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from state.client import translated
from state.documents import Db, key
from state.ledger import OUTCOMES
from state.numbering import Missing, Tally, missing
from state.numbers import Numbers, horizon


@dataclass(frozen=True, slots=True)
class Sighting:
    """A delivery that is in another place than the ledger, as far as it tells."""

    source: str | None
    event: str | None
    delivery_id: str | None
    receipt: str | None

    @property
    def keys(self) -> tuple[str, str]:
        """Return the keys that a row of it may have."""
        own = key(self.source or "", self.delivery_id or "")
        return own, f"{own}#{self.receipt}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What the ledger says, and what differs from it."""

    #: Deliveries by (source, event, outcome).
    counts: dict[tuple[str, str, str], int]
    #: Dead letters and spooled events that the ledger knows nothing of.
    letters_alone: tuple[Sighting, ...]
    spooled_alone: tuple[Sighting, ...]
    #: Accepted deliveries that were seen nowhere: under way, or lost.
    nowhere: Missing
    #: Ids of deliveries that are dead in the ledger, with no dead letter.
    without_letter: tuple[str, ...] = field(default=())
    #: Ids of dead letters whose deliveries are not dead in the ledger.
    not_dead: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> int:
        """Return how many accepted deliveries were seen nowhere."""
        return self.nowhere.number

    @property
    def outcomes(self) -> dict[str, int]:
        """Return the number of deliveries for each outcome."""
        totals: Counter[str] = Counter()
        for (_, _, outcome), number in self.counts.items():
            totals[outcome] += number
        return {outcome: totals[outcome] for outcome in OUTCOMES}

    @property
    def accepted(self) -> int:
        """Return how many deliveries were accepted, as far as is known."""
        alone = len(self.letters_alone) + len(self.spooled_alone)
        return sum(self.counts.values()) + alone + self.missing

    @property
    def differences(self) -> int:
        """Return how many deliveries are not accounted for as they should be."""
        return self.missing + len(self.without_letter) + len(self.not_dead)


def audit(
    db: Db,
    *,
    now: datetime,
    letters: Iterable[Sighting] | None = None,
    spooled: Iterable[Sighting] = (),
    tallies: Mapping[str, Tally] = MappingProxyType({}),
) -> Audit:
    """Read the ledger, and compare it with dead letters (if given) and spooled events.

    `now` is when one began to look at the other places. What was tallied and is nowhere
    is a delivery under way, or a lost one. Of a start of a receiver without a tally,
    all is taken for accepted up to the highest number that was seen, and no more.
    """
    with translated():
        after = horizon(db, now)
        counts = _counts(db)
        listed = _once(letters or ())
        in_spool = _once(spooled)
        rows = _rows_of(db, [*listed, *in_spool])
        dead = _dead(db, now) if letters is not None else {}
        numbers = Numbers.read(db, after)
    letters_alone = tuple(it for it in listed if _row(it, rows) is None)
    spooled_alone = tuple(
        it for it in in_spool if _row(it, rows) is None and it not in set(letters_alone)
    )
    alone = [it.receipt for it in (*letters_alone, *spooled_alone) if it.receipt]
    seen = {it.receipt for it in listed}
    return Audit(
        counts=counts,
        letters_alone=letters_alone,
        spooled_alone=spooled_alone,
        nowhere=missing(numbers, alone, after, tallies),
        without_letter=tuple(sorted(dead[it] for it in dead.keys() - seen)),
        not_dead=tuple(
            sorted(
                str(it.delivery_id)
                for it in listed
                if _row(it, rows) not in {None, "dead"}
            )
        ),
    )


def _once(sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
    # Buried, and buried again after a crash, it is there twice.
    return tuple(dict.fromkeys(sightings))


def _counts(db: Db) -> dict[tuple[str, str, str], int]:
    group = {"source": "$source", "event": "$event", "outcome": "$outcome"}
    found = db["deliveries"].aggregate([{"$group": {"_id": group, "n": {"$sum": 1}}}])
    return {
        (row["_id"]["source"], row["_id"]["event"], row["_id"]["outcome"]): row["n"]
        for row in found
    }


def _rows_of(db: Db, sightings: Sequence[Sighting]) -> dict[tuple[str, str], str]:
    """Return the outcomes of rows, by key and receipt."""
    keys = sorted({key for it in sightings for key in it.keys})
    found: dict[tuple[str, str], str] = {}
    for at in range(0, len(keys), _AT_ONCE):
        query = {"_id": {"$in": keys[at : at + _AT_ONCE]}}
        for row in db["deliveries"].find(query, {"receipt": 1, "outcome": 1}):
            found[row["_id"], row["receipt"]] = row["outcome"]
    return found


def _row(sighting: Sighting, rows: dict[tuple[str, str], str]) -> str | None:
    receipt = sighting.receipt or ""
    own, repeated = sighting.keys
    return rows.get((own, receipt)) or rows.get((repeated, receipt))


def _dead(db: Db, before: datetime) -> dict[str, str]:
    """Return the ids of deliveries whose dead letter should be there, by receipt."""
    query = {"outcome": "dead", "dropped_at": None, "processed_at": {"$lt": before}}
    found = db["deliveries"].find(query, {"receipt": 1, "delivery_id": 1})
    return {row["receipt"]: row["delivery_id"] for row in found}


#: Keys in one question.
_AT_ONCE = 1_000
