"""The exchanges and queues, declared alike by whoever starts first."""

from collections.abc import Callable
from dataclasses import dataclass

from pika.channel import Channel

#: How often a message may come back before it is set aside. All that a worker held come
#: back when it dies, so this takes some patience; it is RabbitMQ 4's own default.
DELIVERY_LIMIT = 20
#: Reading dead letters without removing them counts as a return; -1, which lifts the
#: limit in RabbitMQ 4, is refused by 3.10.
NO_DELIVERY_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Topology:
    """The names of one installation's exchanges and queues.

    Events go through a topic exchange by `<source>.<event>`, so that others can bind
    a queue of their own to a part of them (`*.push`); ours takes all. Dead letters go
    through a fanout exchange: whatever reaches it is kept.
    """

    prefix: str = "forgewire"

    @property
    def events(self) -> str:
        """Return the name of the events' exchange, and of their queue."""
        return f"{self.prefix}.events"

    @property
    def dead_letters(self) -> str:
        """Return the name of the dead letters' exchange, and of their queue."""
        return f"{self.prefix}.dead-letters"

    def declare(self, channel: Channel, then: Callable[[], None]) -> None:
        """Declare everything on a channel, and call `then` once it all exists.

        The broker closes the channel (406) when something exists with other arguments.
        """
        # The broker works through a channel's commands in order, so only the last is
        # waited for. Dead letters come first: the events' queue relies on them.
        channel.exchange_declare(self.dead_letters, "fanout", durable=True)
        channel.queue_declare(
            self.dead_letters,
            durable=True,
            arguments={**QUORUM, "x-delivery-limit": NO_DELIVERY_LIMIT},
        )
        channel.queue_bind(self.dead_letters, self.dead_letters)
        channel.exchange_declare(self.events, "topic", durable=True)
        channel.queue_declare(
            self.events,
            durable=True,
            arguments={
                **QUORUM,
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": self.dead_letters,
                "x-dead-letter-strategy": "at-least-once",
                # At-least-once works only with it; without a length it has no effect.
                "x-overflow": "reject-publish",
            },
        )
        channel.queue_bind(
            self.events, self.events, routing_key="#", callback=lambda _: then()
        )


#: What all of our queues are.
QUORUM = {"x-queue-type": "quorum", "x-queue-leader-locator": "balanced"}
