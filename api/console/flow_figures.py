"""Choose the figures that tell in ten seconds how it goes; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.console.flow_hour import Hour
from api.console.flow_parts import BAD, GOOD, LATE_SECONDS, WARNING
from api.console.flow_rates import rate
from api.console.words import NOTHING, number, seconds
from operations.monitoring import Sight

_NOT_KNOWN = "not known just now"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what it is, what it means, and how good it is."""

    label: str
    value: str
    hint: str
    level: str = ""


def figures(sight: Sight, hour: Hour) -> Sequence[Figure]:
    """Return the figures in the order in which one asks for them."""
    return (
        _arriving(sight),
        _worked(sight),
        _waiting(sight),
        _lag(sight),
        _dead_letters(sight),
        _died(hour),
    )


def _arriving(sight: Sight) -> Figure:
    label = "Hooks arrive"
    if sight.load is None:
        return Figure(label, NOTHING, _NOT_KNOWN)
    return Figure(label, rate(sight.load.events.in_per_second), "in the last minute")


def _worked(sight: Sight) -> Figure:
    label = "Worked"
    if sight.ledger.value is None:
        return Figure(label, NOTHING, _NOT_KNOWN)
    per_second = sight.ledger.value.now.worked / 60
    return Figure(label, rate(per_second), "in the last minute")


def _waiting(sight: Sight) -> Figure:
    label = "Behind"
    if sight.queues.value is None:
        return Figure(label, NOTHING, _NOT_KNOWN)
    waiting = sight.queues.value[0].waiting
    if not waiting:
        return Figure(label, "0", "no event waits", GOOD)
    oldest = sight.load.events.oldest_seconds if sight.load else None
    told = _NOT_KNOWN if oldest is None else f"the oldest for {seconds(oldest)}"
    return Figure(label, number(waiting), told, _late(oldest))


def _late(oldest: float | None) -> str:
    if oldest is None:
        return ""
    return WARNING if oldest > LATE_SECONDS else GOOD


def _lag(sight: Sight) -> Figure:
    label = "From receipt to state"
    if sight.ledger.value is None:
        return Figure(label, NOTHING, _NOT_KNOWN)
    lately = sight.ledger.value.lately
    if lately.slow_seconds is None:
        return Figure(label, NOTHING, "nothing in 15 minutes")
    told = f"median; p99 {seconds(lately.slow_seconds)}"
    return Figure(label, seconds(lately.median_seconds), told)


def _dead_letters(sight: Sight) -> Figure:
    label = "Dead letters"
    if sight.queues.value is None:
        return Figure(label, NOTHING, _NOT_KNOWN)
    waiting = sight.queues.value[1].waiting
    if not waiting:
        return Figure(label, "0", "nothing to decide on", GOOD)
    died = sight.ledger.value.now.died if sight.ledger.value else 0
    told = f"{number(died)} in the last minute" if died else "none in the last minute"
    return Figure(label, number(waiting), told, BAD if died else WARNING)


def _died(hour: Hour) -> Figure:
    label = "Died in the last hour"
    dead = next(it for it in hour.outcomes if it.name == "dead")
    if dead.number is None:
        return Figure(label, NOTHING, _NOT_KNOWN)
    total = sum(it.number or 0 for it in hour.outcomes)
    told = f"{dead.share} of {number(total)}" if total else "nothing was worked"
    return Figure(label, number(dead.number), told, WARNING if dead.number else GOOD)
