"""Work on the queues for requests: never for long, on dead letters one at a time."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from broker import addresses
from broker.browser import Browser
from broker.holding import Holding
from broker.plugin import Plugin
from broker.publisher import Publisher
from broker.sizes import Sizes
from broker.topology import Topology
from schemas.errors import ForgewireError

#: RabbitMQ may take so many seconds to connect, to answer, to confirm; and as long to
#: close. So whoever asks knows within five that it hangs.
ANSWER_SECONDS = 2.0
#: How long to wait for somebody else who holds the dead letters.
PATIENCE_SECONDS = 0.5
#: How our connections are called at RabbitMQ.
NAME = "forgewire api"


class Busy(ForgewireError):
    """Raised when another request has what only one can have."""


@dataclass(frozen=True, slots=True)
class Depth:
    """What RabbitMQ says of a queue."""

    name: str
    #: Messages that nobody has in hand.
    ready: int
    consumers: int
    #: Messages that somebody has in hand; None if RabbitMQ does not tell.
    unacknowledged: int | None = None

    @property
    def waiting(self) -> int:
        """Return how many messages there are, as far as is known."""
        return self.ready + (self.unacknowledged or 0)


class Queues:
    """The queues of one installation; safe to share among threads."""

    def __init__(
        self,
        url: str,
        topology: Topology,
        *,
        metrics_urls: Iterable[str] = (),
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Raise BadAddress if a part of `url` cannot be understood.

        `metrics_urls` lead to the Prometheus plugin of each node.
        """
        (first, *_) = addresses.parse(url, name=NAME)
        self._plugin = Plugin(metrics_urls, first.virtual_host)
        self._url = url
        self.topology = topology
        self.answer_seconds = answer_seconds
        self._dead_letters = threading.Lock()
        self._publisher: Publisher | None = None
        self._sizes: Sizes | None = None
        self._making = threading.Lock()

    def depths(self) -> tuple[Depth, Depth]:
        """Return what is told of the events and of the dead letters.

        No message is taken. Raise a BrokerUnavailable.
        """
        browser = Browser(
            self._url, self.topology, name=NAME, answer_seconds=self.answer_seconds
        )
        with closing(browser):
            return self._depths_by(browser.size)

    def _depths_by(self, size: Callable[[str], tuple[int, int]]) -> tuple[Depth, Depth]:
        names = self.topology.events, self.topology.dead_letters
        # First what says whether RabbitMQ is there: if it hangs, so does its plugin.
        sizes = [size(name) for name in names]
        in_hand = self._plugin.unacknowledged(names)
        events, dead_letters = (
            Depth(name, *found, in_hand.get(name))
            for name, found in zip(names, sizes, strict=True)
        )
        return events, dead_letters

    def depths_again(self) -> tuple[Depth, Depth]:
        """Return the same as `depths`, over one connection that stays.

        Who asks every few seconds would fill the logs with connections otherwise.
        """
        with self._making:
            if self._sizes is None:
                self._sizes = Sizes(
                    self._url,
                    self.topology,
                    name=f"{NAME} watching",
                    answer_seconds=self.answer_seconds,
                )
        return self._depths_by(self._sizes.read)

    @contextmanager
    def alone(self, *, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Have the dead letters for oneself; raise Busy if somebody else has them.

        Who holds them hides them from everybody else.
        """
        if not self._dead_letters.acquire(timeout=patience):
            raise Busy("another request has the dead letters")
        try:
            yield
        finally:
            self._dead_letters.release()

    @contextmanager
    def holding(self, *, patience: float = PATIENCE_SECONDS) -> Iterator[Holding]:
        """Hold the dead letters; raise Busy, or a BrokerUnavailable."""
        with (
            self.alone(patience=patience),
            closing(
                Holding(self._url, self.topology, answer_seconds=self.answer_seconds)
            ) as holding,
        ):
            yield holding

    def publisher(self) -> Publisher:
        """Return a publisher that is connected, or raise a BrokerUnavailable.

        It is made when the first asks for it, and connects again by itself.
        """
        with self._making:
            if self._publisher is None:
                self._publisher = self._made()
        self._publisher.wait_connected(self.answer_seconds)
        return self._publisher

    def close(self) -> None:
        """Close the connections that stay, if there are any."""
        if self._publisher is not None:
            self._publisher.close(self.answer_seconds)
        if self._sizes is not None:
            self._sizes.close()

    def _made(self) -> Publisher:
        publisher = Publisher(
            self._url, self.topology, name=NAME, confirm_seconds=self.answer_seconds
        )
        publisher.start()
        return publisher
