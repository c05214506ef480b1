"""Wait until what is under way to the workers has been worked."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from broker.browser import Browser
from cli.output import progress
from cli.spooled import Holding, Search
from state.audit import Sighting
from state.ledger import Ledger

#: How often it is looked again, in seconds.
POLL_SECONDS = 0.25
#: What a worker took from the queue is worked, or buried, after so many seconds.
IN_HAND_SECONDS = 2.0
#: How far the clocks of receivers may be ahead of ours.
CLOCKS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What may still become a dead letter."""

    #: Files that wait to be sent, with something of the person.
    files: tuple[Holding, ...] = ()
    #: Events about the person that left the spool, and are not in the ledger.
    sent: int = 0
    #: Events in the queue, about anybody.
    queued: int = 0
    #: Whether a worker may hold what was in the queue a moment ago.
    is_in_hand: bool = False

    @property
    def is_over(self) -> bool:
        """Return whether all has come to its end."""
        return not (self.files or self.sent or self.queued or self.is_in_hand)


class QueueWatch:
    """Tells what is left of a queue as it stood when it was first looked at."""

    def __init__(
        self,
        browser: Browser,
        queue: str,
        ledger: Ledger,
        *,
        in_hand_seconds: float = IN_HAND_SECONDS,
    ) -> None:
        self._browser = browser
        self._queue = queue
        self._ledger = ledger
        self._in_hand_seconds = in_hand_seconds
        self._stood_at: datetime | None = None
        self._empty_since: float | None = None

    def restart(self) -> None:
        """Forget how it stood: more was put into it."""
        self._stood_at = self._empty_since = None

    def look(self) -> UnderWay:
        """Return what may be left, of anybody."""
        self._stood_at = self._stood_at or datetime.now(UTC)
        # The queue is worked in its order: what came later was behind.
        if self._ledger.has_received_after(self._stood_at + CLOCKS):
            return UnderWay()
        queued = self._browser.count(self._queue)
        if queued:
            self._empty_since = None
            return UnderWay(queued=queued)
        return UnderWay(is_in_hand=self._is_in_hand())

    def _is_in_hand(self) -> bool:
        if not self._browser.consumers(self._queue):
            return False
        now = time.monotonic()
        self._empty_since = self._empty_since or now
        return now - self._empty_since < self._in_hand_seconds


class Watch:
    """Follows the events about a person from the spool into the ledger."""

    def __init__(self, search: Search, queue: QueueWatch, ledger: Ledger) -> None:
        self._search = search
        self._queue = queue
        self._ledger = ledger
        #: All that was seen in files that wait to be sent.
        self._seen: set[Sighting] = set()

    def look(self) -> UnderWay:
        """Return what is under way now."""
        files = tuple(self._search.look(set_aside=False))
        here = {event for file in files for event in file.events}
        self._seen |= here
        if files:
            self._queue.restart()
        queue = self._queue.look()
        sent = self._sent(here) if self._seen - here else 0
        return UnderWay(files, sent, queue.queued, queue.is_in_hand)

    def _sent(self, here: set[Sighting]) -> int:
        aside = self._search.look(set_aside=True)
        kept = {event for file in aside for event in file.events}
        return sum(not self._is_worked(it) for it in self._seen - here - kept)

    def _is_worked(self, event: Sighting) -> bool:
        known = self._ledger.known(event.keys)
        return any(row.receipt == event.receipt for row in known.values())


def wait(look: Callable[[], UnderWay], seconds: float) -> UnderWay:
    """Look until all is over, for `seconds` at most; return what is left."""
    found = look()
    polls = int(seconds / POLL_SECONDS) + 1
    for _ in progress(_ticks(seconds), total=polls, what="waiting"):
        found = look()
        if found.is_over:
            break
    return found


def _ticks(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(POLL_SECONDS, left))
        yield
