"""A message as a consumer got it, still to be acknowledged."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pika import BasicProperties
from pika.channel import Channel

from broker.envelope import decode
from broker.message import Message


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """A raw message, and the channel and number by which it is acknowledged."""

    channel: Channel = field(repr=False)
    tag: int
    properties: BasicProperties = field(repr=False)
    body: bytes = field(repr=False)
    #: True when it may have been delivered before.
    redelivered: bool = False

    @property
    def delivery_count(self) -> int:
        """Return how often it came back before, as the quorum queue counts."""
        count = (self.properties.headers or {}).get("x-delivery-count")
        return int(count) if isinstance(count, int) else 0

    @property
    def is_lost(self) -> bool:
        """Return whether its channel is gone: then it comes again on another one."""
        return not self.channel.is_open

    @property
    def size(self) -> int:
        """Return about how many bytes of memory its body takes when decoded."""
        if self.properties.content_encoding is None:
            return len(self.body)
        # The last four bytes of gzip are the length before it was compressed.
        return max(len(self.body), int.from_bytes(self.body[-4:], "little"))

    def message(self) -> Message:
        """Return the message inside; raise Undecodable if there is none of ours."""
        return decode(self.properties, self.body)


def allowance(prefetch: int, returns: int) -> int:
    """Return how many messages that came back so often may be in one worker's hands.

    With a prefetch of 1,000: 31 after the first return, one alone after the second.
    """
    return max(1, prefetch >> 5 * returns)


def settle_plan(
    outstanding: Iterable[int], done: Iterable[int]
) -> tuple[int | None, list[int]]:
    """Return how to acknowledge the numbers `done` with few commands.

    `outstanding` are all that wait, in ascending order. The first part of the answer
    is the number up to which all can be settled at once, if any; the second are the
    numbers above to settle one by one.
    """
    rest = set(done)
    last = None
    for tag in outstanding:
        if tag not in rest:
            break
        rest.discard(tag)
        last = tag
    return last, sorted(rest)
