"""Compare what a receiver acknowledged with what it stored."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.receivers import Receiver

#: How long to wait until what was under way has been stored, or is taken for lost.
SETTLE_SECONDS = 20
#: A number that stays the same for so long has settled.
STILL_SECONDS = 0.15


@dataclass(slots=True)
class Account:
    """What was acknowledged, and how much of it was found."""

    acknowledged: int = 0
    arrived: int = 0


@contextmanager
def counted(
    receiver: Receiver, *, patience: float = SETTLE_SECONDS
) -> Iterator[Account]:
    """Count what is stored meanwhile; whoever sends sets `acknowledged`.

    Afterwards `acknowledged` is what the receiver itself says, if that is more: it has
    answered hooks whose senders had stopped listening. What was stored is cleared.
    """
    account = Account()
    if not receiver.is_storing:
        yield account
        account.acknowledged = 0
        return
    had, had_said = receiver.count(), receiver.says()
    yield account
    expected = had + account.acknowledged
    account.arrived = settled(receiver.count, expected, patience=patience) - had
    said = receiver.says() - had_said
    account.acknowledged = max(account.acknowledged, said)
    receiver.clear()


def found(receiver: Receiver, ids: list[str]) -> int:
    """Return how many of the `ids` are stored, and take all that is stored away.

    Where messages bear no id that a sender knows, all of them count.
    """
    if not receiver.is_storing:
        return len(ids)
    settled(receiver.count, len(ids))
    stored = receiver.stored()
    known = set(stored)
    return len(known & set(ids)) if known - {""} else len(stored)


def settled(
    count: Callable[[], int], expected: int, *, patience: float = SETTLE_SECONDS
) -> int:
    """Return a count once it is as expected or more, and does not grow any more.

    Return what it is after `patience` seconds at the latest.
    """
    end = time.monotonic() + patience
    before, now = -1, count()
    while (now < expected or now != before) and time.monotonic() < end:
        time.sleep(STILL_SECONDS)
        before, now = now, count()
    return now
