"""Say why dead letters are not shown: away, gone, or with somebody else."""

from api.problems import Refused
from operations.overview import Known
from schemas.errors import Unavailable


def gone(known: Known) -> Refused:
    """Return why a group, or a letter, is not found among what is known."""
    if known.overview is not None:
        return none(is_complete=known.overview.is_complete)
    return slow() if known.problem is None else away(known.problem)


def away(problem: Exception) -> Refused:
    """Return that RabbitMQ is away, or that somebody else has the letters."""
    if isinstance(problem, Unavailable):
        title = "RabbitMQ is away"
        detail = "Dead letters are in its queue, and safe. Try again when it is back."
        return Refused(503, "unavailable", title, detail)
    title = "Somebody else has the dead letters just now"
    return Refused(503, "busy", title, "Try again in a few seconds.")


def slow() -> Refused:
    """Return that they are being read."""
    title = "The dead letters are being read"
    detail = "There are many of them. Load this page again in a few seconds."
    return Refused(503, "too-slow", title, detail)


def none(*, is_complete: bool = True) -> Refused:
    """Return that there is none; `is_complete` if all were looked at."""
    title = "That is not among the dead letters"
    detail = "It was sent again or dropped, or somebody else has it in hand."
    if not is_complete:
        detail = "Only the oldest were looked at. forgewire dead-letters shows all."
    return Refused(404, "not-found", title, detail)
