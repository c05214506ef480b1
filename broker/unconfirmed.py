"""Remember what was sent and not yet confirmed, by the broker's own numbers."""

import time
from collections.abc import Callable
from typing import TypeAlias

from broker.confirm import Confirm
from broker.envelope import Parcel
from broker.outcomes import outcome_of

#: Is told one of broker.outcomes, and the seconds since the message was handed over.
Told: TypeAlias = Callable[[str, float], None]


def untold(_outcome: str, _seconds: float) -> None:
    """Tell nobody."""


def both(first: Told, second: Told) -> Told:
    """Return what tells two."""

    def tell(outcome: str, seconds: float) -> None:
        first(outcome, seconds)
        second(outcome, seconds)

    return tell


class Sending:
    """A parcel on its way, and the confirm that its sender waits for."""

    __slots__ = ("_began", "_told", "confirm", "deadline", "parcel", "returned")

    def __init__(self, parcel: Parcel, deadline: float, told: Told = untold) -> None:
        self._began = time.monotonic()
        self._told = told
        self.parcel = parcel
        #: By the monotonic clock, in seconds.
        self.deadline = deadline
        #: Set when the broker hands it back; its confirm follows, and means nothing.
        self.returned = False
        self.confirm = Confirm()

    def settle(self, error: BaseException | None = None) -> None:
        """Tell that it was confirmed, or why not: who counts first, then its sender."""
        self._told(outcome_of(error), time.monotonic() - self._began)
        self.confirm.settle(error)


class Unconfirmed:
    """The sendings of one channel that wait for their confirm, oldest first."""

    def __init__(self) -> None:
        self._by_tag: dict[int, Sending] = {}
        self._last_tag = 0

    def __len__(self) -> int:
        return len(self._by_tag)

    def add(self, sending: Sending) -> None:
        """Note what was just published; the broker counts along."""
        self._last_tag += 1
        self._by_tag[self._last_tag] = sending

    def settle(self, tag: int, *, multiple: bool) -> list[Sending]:
        """Forget and return what a confirm speaks of; unknown numbers are nothing."""
        tags = self._up_to(tag) if multiple else [tag]
        settled = (self._by_tag.pop(tag, None) for tag in tags)
        return [sending for sending in settled if sending is not None]

    def mark_returned(self, exchange: str | None, message_id: str | None) -> None:
        """Note that a message came back: the broker tells its id, but no number.

        With two of one id in flight both are marked. One of them may be stored, but
        to send it again does no harm.
        """
        for sending in self._by_tag.values():
            parcel = sending.parcel
            same_id = parcel.properties.message_id == message_id
            if same_id and parcel.exchange == exchange:
                sending.returned = True

    def expire(self, now: float) -> list[Sending]:
        """Forget and return what is past its deadline."""
        late = []
        for tag, sending in self._by_tag.items():
            if sending.deadline > now:
                break
            late.append(tag)
        return [self._by_tag.pop(tag) for tag in late]

    def clear(self) -> list[Sending]:
        """Forget and return all."""
        sendings = list(self._by_tag.values())
        self._by_tag.clear()
        return sendings

    def _up_to(self, last: int) -> list[int]:
        tags = []
        for tag in self._by_tag:
            # In confirms, 0 stands for all there are.
            if last and tag > last:
                break
            tags.append(tag)
        return tags
