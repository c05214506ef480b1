"""Receive deliveries on the I/O thread, and keep them until they are taken.

Whoever dies has raised the delivery count of all that was handed to it. So what came
back is handed out in small groups, and what came back again alone: then a death tells
which message it was, and counts against hardly any other. `allowance` has the numbers.
"""

import threading
from collections.abc import Callable, Iterable

from pika import BasicProperties
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic

from broker.delivery import Delivery, allowance, settle_plan
from broker.shelf import Shelf
from schemas.errors import BrokerUnavailable


class Intake:
    """The I/O thread's side of a consumer; `take` and `shut` are for other threads."""

    def __init__(self, queue: str, *, prefetch: int) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._channel: Channel | None = None
        #: The subscriptions on the present channel, and how much they bring at once.
        self._consumer_tags: list[str] = []
        self._room = 0
        #: The numbers not yet settled, ascending, and how often each came back.
        self._outstanding: dict[int, int] = {}
        self._shelf = Shelf(prefetch)
        self._changed = threading.Condition()
        self._is_shut = False
        #: Set when the queue sends no more and has what was not taken.
        self.has_left = threading.Event()

    @property
    def is_attached(self) -> bool:
        """Return whether there is a channel to receive on."""
        return self._channel is not None

    @property
    def unacknowledged(self) -> int:
        """Return how many it has that are not acknowledged; 0 without a channel."""
        return len(self._outstanding) if self.is_attached else 0

    @property
    def is_idle(self) -> bool:
        """Return whether it could receive, and neither has nor does."""
        is_open = self._channel is not None and not self._is_shut
        return is_open and not self._room and not self._shelf

    def take(self, limit: int, timeout: float, max_bytes: int) -> list[Delivery]:
        """Return what has arrived, or [] if nothing does in `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(self._has_news, timeout)
            return [] if self._is_shut else self._shelf.pop(limit, max_bytes)

    def shut(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._is_shut = True
            self._changed.notify_all()

    def attach(self, channel: Channel, ready: Callable[[], None]) -> None:
        """Note the channel; messages come once somebody takes.

        Who cannot work must hold nothing: it would come back with each connection lost.
        """
        channel.add_on_cancel_callback(self._on_cancel)
        self._outstanding.clear()
        self._channel = channel
        ready()

    def subscribe(self) -> None:
        """Begin to receive: one message, and more once that is known to be harmless."""
        channel = self._channel
        if channel is not None and channel.is_open and not self._room:
            self._make_room(channel, 1)

    def detach(self, _error: BrokerUnavailable, *, reopening: bool) -> None:
        """Give up the channel; what was not taken will come again.

        If only the channel was closed, it is handed out all the same: RabbitMQ took it
        back since it was held for too long, which is no attempt to work it.
        """
        self._channel = None
        self._room = 0
        self._consumer_tags.clear()
        if not reopening:
            with self._changed:
                self._shelf.clear()
        if self._is_shut:
            self.has_left.set()

    def block(self, *, blocked: bool) -> None:
        """Do nothing: who only consumes is never blocked."""

    def leave(self) -> None:
        """Unsubscribe; then give back what was not taken."""
        channel = self._channel
        if channel is None or not channel.is_open:
            self.has_left.set()
            return
        tags = [tag for tag in self._consumer_tags if tag in channel.consumer_tags]
        if not tags:
            self.has_left.set()
            return
        for tag in tags[1:]:
            channel.basic_cancel(tag)
        channel.basic_cancel(tags[0], callback=lambda _: self._give_back(channel))

    def ack(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge those that came over the present channel."""
        channel = self._channel
        if channel is None or not channel.is_open:
            return
        tags = self._known(deliveries)
        up_to, singles = settle_plan(self._outstanding, tags)
        if up_to is not None:
            channel.basic_ack(up_to, multiple=True)
        for tag in singles:
            channel.basic_ack(tag)
        self._forget(channel, tags)

    def reject(self, deliveries: Iterable[Delivery]) -> None:
        """Give back those that came over the present channel."""
        channel = self._channel
        if channel is None or not channel.is_open:
            return
        tags = self._known(deliveries)
        for tag in tags:
            # From RabbitMQ 4.3 on a nack does not count towards the delivery limit,
            # and what kills its workers would go round for ever.
            channel.basic_reject(tag, requeue=True)
        self._forget(channel, tags)

    def _make_room(self, channel: Channel, room: int) -> None:
        # One more subscription for the difference: to end the one there is, and begin
        # a larger one, would send back what is on its way, which counts as a return.
        channel.basic_qos(prefetch_count=room - self._room)
        self._consumer_tags.append(channel.basic_consume(self._queue, self._on_message))
        self._room = room

    def _make_more_room(self, channel: Channel) -> None:
        if self._room < self._prefetch and self._outstanding:
            room = allowance(self._prefetch, max(self._outstanding.values()))
            if room > self._room:
                self._make_room(channel, room)

    def _has_news(self) -> bool:
        return self._is_shut or bool(self._shelf)

    def _on_message(
        self,
        channel: Channel,
        method: Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        tag = method.delivery_tag or 0  # the stubs say it may be None
        delivery = Delivery(channel, tag, properties, body, method.redelivered)
        self._outstanding[tag] = delivery.delivery_count
        with self._changed:
            self._shelf.put(delivery)
            self._changed.notify()
        self._make_more_room(channel)

    def _on_cancel(self, _: Method[Basic.Cancel]) -> None:
        # The queue was deleted, or its leader moved. The link opens a new channel,
        # declares what is missing, and we subscribe again.
        if self._channel is not None and self._channel.is_open:
            self._channel.close()

    def _give_back(self, channel: Channel) -> None:
        with self._changed:
            untaken = self._shelf.clear()
        for delivery in untaken:
            # Not rejected: nothing went wrong with them.
            channel.basic_nack(delivery.tag, requeue=True)
        self.has_left.set()

    def _known(self, deliveries: Iterable[Delivery]) -> list[int]:
        # Any number that the broker does not know would cost us the channel.
        return sorted(
            {
                delivery.tag
                for delivery in deliveries
                if delivery.channel is self._channel
                and delivery.tag in self._outstanding
            }
        )

    def _forget(self, channel: Channel, tags: Iterable[int]) -> None:
        for tag in tags:
            del self._outstanding[tag]
        self._make_more_room(channel)
