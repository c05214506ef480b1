"""Hold the dead letters while it is decided which of them leave the queue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from broker.browser import ANSWER_SECONDS, Browser, Held
from broker.dead_letter import DeadLetter, interpret
from broker.envelope import decode
from broker.message import Message
from broker.topology import Topology


@dataclass(frozen=True, slots=True)
class HeldLetter:
    """A dead letter in hand, and the number by which it is removed."""

    letter: DeadLetter
    held: Held = field(repr=False)

    @property
    def tag(self) -> int:
        """Return the number."""
        return self.held.tag

    def again(self) -> Message:
        """Return the message to send again, as its next attempt.

        All else is as the receiver wrote it. Raise Undecodable if it is none of ours.
        """
        message = decode(self.held.properties, self.held.body)
        return replace(message, attempt=self.letter.attempts + 1)


class Holding:
    """A connection that holds dead letters; nobody else sees them meanwhile.

    What was not removed is in its place again once this is closed, or its connection
    is lost.
    """

    def __init__(
        self, url: str, topology: Topology, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Connect; raise a BrokerUnavailable if that fails, BadAddress if it cannot."""
        self._queue = topology.dead_letters
        name = "forgewire dead letters"
        self._browser = Browser(url, topology, name=name, answer_seconds=answer_seconds)

    def close(self) -> None:
        """Give back all that was not removed."""
        self._browser.close()

    def __len__(self) -> int:
        """Return how many dead letters nobody holds."""
        return self._browser.count(self._queue)

    def letters(self) -> Iterator[HeldLetter]:
        """Yield the dead letters that are there now, the oldest first.

        One body is in memory at a time, as long as the caller keeps none.
        """
        for held in self._browser.messages(self._queue):
            yield HeldLetter(interpret(held.properties, held.body), held)

    def remove(self, tags: Iterable[int]) -> None:
        """Remove letters that are held, soon; `settle` waits for it."""
        self._browser.remove(tags)

    def settle(self) -> None:
        """Wait until what was removed is gone; raise a BrokerUnavailable if unknown."""
        self._browser.count(self._queue)
