"""Send dead letters again; each is removed once RabbitMQ has confirmed it, not before.

A crash at any moment leaves a letter in the dead letters, or in both queues, never in
none. In both it does no harm: the worker knows its receipt and its attempt.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from broker.confirm import Confirm
from broker.errors import Unsendable
from broker.message import Message

#: So many may be on their way at once, and so many bytes of bodies. What is larger
#: travels alone: if RabbitMQ refuses its size, that closes the channel for all.
MAX_IN_FLIGHT = 100
MAX_BYTES_IN_FLIGHT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send, and the number of the dead letter that it was."""

    tag: int
    message: Message


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message: it was sent, or can never be."""

    tag: int
    problem: Unsendable | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    tag: int
    size: int
    confirm: Confirm = field(repr=False)


class Pace:
    """Lets no more than `rate` through per second, evenly."""

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when the next one may go."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        # What was missed is not made up for: that would be a burst.
        self._next = max(now, self._next) + self._interval


def replay(
    outgoing: Iterable[Outgoing],
    *,
    send: Callable[[Message], Confirm],
    remove: Callable[[int], None],
    wait: Callable[[], None],
) -> Generator[Sent]:
    """Send in order, remove what is confirmed, and yield what became of each.

    `wait` returns when the next one may go. Raise a BrokerUnavailable when a confirm
    does not come: what was not yielded by then may have been sent, and is not removed.
    """
    waiting: deque[_Waiting] = deque()
    for out in outgoing:
        size = len(out.message.body)
        while waiting and (
            waiting[0].confirm.is_settled() or not _has_room(waiting, size)
        ):
            yield _settled(waiting.popleft(), remove)
        wait()
        waiting.append(_Waiting(out.tag, size, send(out.message)))
    while waiting:
        yield _settled(waiting.popleft(), remove)


def _has_room(waiting: deque[_Waiting], size: int) -> bool:
    under_way = sum(one.size for one in waiting)
    return len(waiting) < MAX_IN_FLIGHT and under_way + size <= MAX_BYTES_IN_FLIGHT


def _settled(one: _Waiting, remove: Callable[[int], None]) -> Sent:
    try:
        # The publisher has a deadline of its own.
        one.confirm.result()
    except Unsendable as exc:
        return Sent(one.tag, exc)
    remove(one.tag)
    return Sent(one.tag)
