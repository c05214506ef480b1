"""Stand still while every event is rejected, and try one now and then.

A bad release rejects what the last one applied, and would drain the queue into the dead
letters. From within it looks just like a burst of garbage. So what is held is looked
through for one event that fits, and that one is tried. If there is none, the oldest is
buried, one for each probe: its traceback tells what is wrong, and whatever is behind a
burst gets its turn in the end.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from broker.delivery import Delivery
from handlers.registry import Handler
from schemas.errors import Rejected
from workers.brake import Brake, TooManyRejections
from workers.decide import decide

_log = structlog.stdlib.get_logger("worker")

#: Pauses before the second probe, and the longest there is, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0

#: What an operator can do about it.
HINT = (
    "Events are rejected one after the other, so none is taken any more: `forgewire "
    "dead-letters list` shows why. Start the release that fits, or the one before, and "
    "replay the dead letters. If the host really sends what can never fit, start with "
    "FORGEWIRE_MAX_REJECTIONS=0 until it is through. One event is tried now and then."
)


@dataclass(frozen=True, slots=True)
class Probing:
    """What it takes to try one event."""

    brake: Brake
    handlers: Mapping[str, Handler]
    #: Returns what has arrived, without waiting.
    take: Callable[[], Sequence[Delivery]]
    #: Works one event to its end; returns False if told to stop.
    work: Callable[[Delivery], bool]
    stop: threading.Event


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each probe; the first is made at once."""
    yield 0
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


def stand_still(
    held: Sequence[Delivery],
    error: TooManyRejections,
    probing: Probing,
    waits: Iterable[float],
) -> list[Delivery]:
    """Hold deliveries, unburied, until one fits; return those still to be worked."""
    probing.brake.is_on = True
    _log.error("standing-still", problem=str(error), hint=HINT)
    waiting = list(held)
    for seconds in waits:
        if probing.stop.wait(seconds):
            break
        waiting = [it for it in [*waiting, *probing.take()] if not it.is_lost]
        if waiting:
            probe = _most_likely(waiting, probing.handlers)
            waiting.remove(probe)
            if not probing.work(probe) or not probing.brake.is_on:
                break
    if not probing.brake.is_on:
        # Had it arrived in one batch with these, none would have stopped us.
        probing.brake.pardon(len(waiting))
        _log.info("going-on", held=len(waiting))
    return waiting


def _most_likely(held: Sequence[Delivery], handlers: Mapping[str, Handler]) -> Delivery:
    """Return the first that a handler understands, else the first."""
    return next((it for it in held if _fits(it, handlers)), held[0])


def _fits(delivery: Delivery, handlers: Mapping[str, Handler]) -> bool:
    try:
        message = delivery.message()
        return message.event in handlers and decide(message, handlers).outcome != "test"
    except Rejected:
        return False
