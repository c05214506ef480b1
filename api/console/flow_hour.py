"""Sum up what became of the deliveries of the last hour; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.console.words import NOTHING, THIN
from operations.fresh import Seen
from state.ledger import OUTCOMES
from state.minutes import Minute

#: Shares that would be rounded to nothing, or to all, say so.
_LEAST, _MOST = 0.05, 99.95


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many deliveries ended so, and how large a share that is."""

    name: str
    number: int | None
    share: str


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour; `minutes` is empty if it is not known."""

    minutes: Sequence[Minute]
    outcomes: Sequence[Outcome]
    #: Whether each minute is counted.
    is_whole: bool
    problem: str = ""


def hour(seen: Seen[Sequence[Minute]]) -> Hour:
    """Return the sums of the minutes that are counted."""
    if seen.value is None:
        outcomes = [Outcome(name, None, NOTHING) for name in OUTCOMES]
        return Hour((), outcomes, is_whole=True, problem=_why(seen))
    counted = [it.counts for it in seen.value if it.counts is not None]
    numbers = {name: sum(counts[name] for counts in counted) for name in OUTCOMES}
    total = sum(numbers.values())
    outcomes = [
        Outcome(name, number, share(number, total)) for name, number in numbers.items()
    ]
    return Hour(seen.value, outcomes, is_whole=len(counted) == len(seen.value))


def share(number: int, total: int) -> str:
    """Return a share in per cent; only nothing is 0 %, and only all is 100 %."""
    if not total:
        return NOTHING
    percent = 100 * number / total
    if 0 < percent < _LEAST:
        return f"<0.1{THIN}%"
    if percent >= _MOST and number < total:
        return f">99.9{THIN}%"
    return f"{percent:.1f}{THIN}%"


def _why(seen: Seen[Sequence[Minute]]) -> str:
    if seen.problem is None:
        return "MongoDB is being asked."
    return "MongoDB does not answer, so nothing can be counted."
