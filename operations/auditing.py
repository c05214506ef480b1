"""Reconcile what was accepted with what is accounted for, wherever it is."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.places import Places
from state.audit import Audit, Sighting, audit
from state.documents import Db


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the ledger says, and what was seen elsewhere."""

    found: Audit
    places: Places

    def by_event(self) -> dict[tuple[str, str], Counter[str]]:
        """Return for each source and event how many deliveries are where."""
        places: dict[tuple[str, str], Counter[str]] = {}
        for (source, event, outcome), number in self.found.counts.items():
            places.setdefault((source, event), Counter())[outcome] += number
        _add(places, "dead", self.found.letters_alone)
        _add(places, "spooled", self.found.spooled_alone)
        return dict(sorted(places.items()))

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        found, places = self.found, self.places
        rows = [
            {"source": source, "event": event, "outcome": where, "deliveries": number}
            for (source, event), numbers in self.by_event().items()
            for where, number in sorted(numbers.items())
        ]
        return {
            "accepted": found.accepted,
            "missing": found.missing,
            "starts": {
                "by_tally": found.nowhere.by_tally,
                "by_gaps": found.nowhere.by_gaps,
            },
            "differences": found.differences,
            "balanced": found.differences == 0,
            "outcomes": found.outcomes,
            "queued": places.queued,
            "spooled": None if places.spooled is None else len(places.spooled),
            "dead_letters": len(places.letters),
            "set_aside_by_rabbitmq": len(found.letters_alone),
            "without_letter": found.without_letter,
            "letters_not_dead": found.not_dead,
            "rows": rows,
        }


def reconcile(db: Db, places: Places, *, now: datetime) -> Reconciled:
    """Compare `places` with the ledger; `now` is when one began to look at them."""
    found = audit(
        db,
        now=now,
        letters=places.letters,
        spooled=places.spooled or (),
        tallies=places.tallies,
    )
    return Reconciled(found, places)


def _add(
    places: dict[tuple[str, str], Counter[str]], where: str, seen: Iterable[Sighting]
) -> None:
    for it in seen:
        at = (it.source or "-", it.event or "-")
        places.setdefault(at, Counter())[where] += 1
