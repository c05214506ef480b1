"""The exchanges and queues of reactions, beside those of events and alike."""

from collections.abc import Callable
from dataclasses import dataclass

from pika.channel import Channel

from broker.topology import QUORUM, Topology

#: How long a reaction that failed waits before it is tried again, in seconds: after the
#: first failure, after the second and so on. After the last it is a dead letter.
TIERS = (10, 60, 600, 3600)


@dataclass(frozen=True)
class ReactionTopology(Topology):
    """The names of one installation's exchanges and queues for reactions."""

    tiers: tuple[int, ...] = TIERS

    @property
    def events(self) -> str:
        """Return the name of the exchange of calls, and of their queue."""
        return f"{self.prefix}.reactions"

    @property
    def dead_letters(self) -> str:
        """Return the name of the exchange of what failed for good, and its queue."""
        return f"{self.prefix}.reactions.dead-letters"

    def retry(self, seconds: int) -> str:
        """Return the name of the queue where what failed waits for so many seconds."""
        return f"{self.prefix}.reactions.retry.{seconds}s"

    def declare(self, channel: Channel, then: Callable[[], None]) -> None:
        """Declare everything on a channel, and call `then` once it all exists.

        Each tier has one time to live: in a queue with several, what waits for long
        would hold up what is behind it.
        """
        for seconds in self.tiers:
            channel.queue_declare(
                self.retry(seconds),
                durable=True,
                arguments={
                    **QUORUM,
                    "x-message-ttl": seconds * 1000,
                    "x-dead-letter-exchange": self.events,
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                },
            )
        super().declare(channel, then)
