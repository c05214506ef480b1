"""Put an event where it outlives the receiver: the only place that decides where."""

from collections.abc import Callable

from broker.message import Message

#: What the sender is told of an event that the broker has confirmed.
QUEUED = "queued"


def make_durable(message: Message, publish: Callable[[Message], None]) -> str:
    """Return where `message` is safe now; raise BrokerUnavailable if nowhere."""
    publish(message)
    return QUEUED
