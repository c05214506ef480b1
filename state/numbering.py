"""Find which of the numbers that receivers gave to what they accepted are nowhere."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from state.numbers import Numbers, Start

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: What a start of a receiver tallied: for each number the day on which it was received,
#: counted from 1970, or 0 if it was never answered 2xx.
Tally = Sequence[int]


@dataclass(frozen=True, slots=True)
class Missing:
    """How many numbers are nowhere, and of how many starts that is known by what."""

    number: int
    by_tally: int
    by_gaps: int


def missing(
    numbers: Numbers,
    others: Iterable[str],
    after: datetime,
    tallies: Mapping[str, Tally],
) -> Missing:
    """Return how many numbers are neither in the ledger nor among `others`.

    A start that has a tally misses what is in there. Of another one that is known only
    by gaps; if it began before `after` it may have rows that expired, so it is looked
    at from the first number on that was received since.
    """
    elsewhere = _by_start(others)
    by_gaps = (numbers.by_start.keys() | elsewhere.keys()) - tallies.keys()
    first_day = (after - _EPOCH).days + 1
    told = (
        _nowhere(tally, first_day, numbers.by_start.get(name), elsewhere.get(name, ()))
        for name, tally in tallies.items()
    )
    guessed = (
        _gaps(
            numbers.by_start.get(name),
            elsewhere.get(name, set()),
            is_whole=name in numbers.since and numbers.since[name] >= after,
        )
        for name in by_gaps
    )
    return Missing(sum(told) + sum(guessed), len(tallies), len(by_gaps))


def _by_start(receipts: Iterable[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for receipt in receipts:
        start, _, number = receipt.partition(".")
        if number.isascii() and number.isdigit():
            found.setdefault(start, set()).add(int(number))
    return found


def _nowhere(
    tally: Tally, first_day: int, start: Start | None, others: Collection[int]
) -> int:
    """Return how many were tallied since that day, but are not in the ledger."""
    return sum(
        day >= first_day and number not in others
        for low, high in _between(start.runs if start else (), len(tally))
        for number, day in enumerate(tally[low:high], low)
    )


def _between(runs: Iterable[tuple[int, int]], end: int) -> Iterator[tuple[int, int]]:
    """Yield what is below `end` and in no run, each from a number up to another."""
    low = 0
    for first, last in runs:
        yield low, min(first, end)
        low = last + 1
    yield low, end


def _gaps(start: Start | None, others: set[int], *, is_whole: bool) -> int:
    if start is None:
        # The ledger has nothing of it, so nothing tells where it began.
        lowest, last, count = min(others), 0, 0
    else:
        lowest, last, count = start.first, start.last, start.count
    first = 1 if is_whole else lowest
    counted = {number for number in others if number >= first}
    return max(last, *counted, 0) - first + 1 - count - len(counted)
