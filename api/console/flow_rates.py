"""Tell how much goes along the arrows of the picture; pure."""

from api.console.words import NOTHING, THIN, number
from operations.monitoring import Sight

_MINUTE = 60
_SPOOLED = "spool in use"


def rates(sight: Sight) -> dict[str, str]:
    """Return what stands beside each arrow along which something goes."""
    waiting = sight.spool.value.events if sight.spool.value else 0
    found = {_way_of_spool(sight): _SPOOLED} if waiting else {}
    if sight.load is None:
        return found
    events, dead = sight.load.events, sight.load.dead_letters
    found["received"] = _moved(events.in_per_second)
    found["worked"] = _moved(events.out_per_second)
    found["died"] = _moved(dead.in_per_second)
    return {key: told for key, told in found.items() if told}


def _way_of_spool(sight: Sight) -> str:
    return "drained" if sight.queues.value else "spooled"


def _moved(per_second: float) -> str:
    return rate(per_second) if per_second else ""


def rate(per_second: float | None) -> str:
    """Return a rate by the second, or by the minute if it is that small."""
    if per_second is None:
        return NOTHING
    if per_second < 1:
        return f"{number(round(per_second * _MINUTE))}{THIN}/min"
    return f"{number(round(per_second, 1))}{THIN}/s"
