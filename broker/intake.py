"""Receive deliveries on the I/O thread, and keep them until they are taken."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from pika import BasicProperties
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic

from broker.delivery import Delivery, settle_plan
from schemas.errors import BrokerUnavailable


class Intake:
    """The I/O thread's side of a consumer; `take` and `shut` are for other threads."""

    def __init__(self, queue: str, *, prefetch: int) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._channel: Channel | None = None
        self._consumer_tag = ""
        #: The numbers not yet settled, ascending; a dict, for it is ordered.
        self._outstanding: dict[int, None] = {}
        self._arrived: deque[Delivery] = deque()
        self._changed = threading.Condition()
        self._is_shut = False
        #: Set when the queue sends no more and has what was not taken.
        self.has_left = threading.Event()

    @property
    def is_subscribed(self) -> bool:
        return self._channel is not None

    def take(self, limit: int, timeout: float, max_bytes: int) -> list[Delivery]:
        """Return what has arrived, or [] if nothing does in `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(self._has_news, timeout)
            return [] if self._is_shut else self._pop(limit, max_bytes)

    def shut(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._is_shut = True
            self._changed.notify_all()

    def attach(self, channel: Channel, ready: Callable[[], None]) -> None:
        """Subscribe to the queue."""
        channel.add_on_cancel_callback(self._on_cancel)
        channel.basic_qos(prefetch_count=self._prefetch)
        self._outstanding.clear()
        self._consumer_tag = channel.basic_consume(
            self._queue,
            self._on_message,
            callback=lambda _: self._begin(channel, ready),
        )

    def detach(self, _error: BrokerUnavailable, *, reopening: bool) -> None:
        """Forget what was not taken: it will come again."""
        del reopening
        self._channel = None
        with self._changed:
            self._arrived.clear()
        if self._is_shut:
            self.has_left.set()

    def block(self, *, blocked: bool) -> None:
        """Do nothing: who only consumes is never blocked."""

    def leave(self) -> None:
        """Unsubscribe; then give back what was not taken."""
        channel = self._channel
        if channel is not None and self._consumer_tag in channel.consumer_tags:
            channel.basic_cancel(
                self._consumer_tag, callback=lambda _: self._give_back(channel)
            )
        else:
            self.has_left.set()

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
        self._forget(tags)

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
        self._forget(tags)

    def _begin(self, channel: Channel, ready: Callable[[], None]) -> None:
        self._channel = channel
        ready()

    def _has_news(self) -> bool:
        return self._is_shut or bool(self._arrived)

    def _on_message(
        self,
        channel: Channel,
        method: Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        tag = method.delivery_tag or 0  # the stubs say it may be None
        self._outstanding[tag] = None
        delivery = Delivery(channel, tag, properties, body, method.redelivered)
        with self._changed:
            self._arrived.append(delivery)
            self._changed.notify()

    def _on_cancel(self, _: Method[Basic.Cancel]) -> None:
        # The queue was deleted, or its leader moved. The link opens a new channel,
        # declares what is missing, and subscribes again.
        if self._channel is not None and self._channel.is_open:
            self._channel.close()

    def _give_back(self, channel: Channel) -> None:
        with self._changed:
            untaken, self._arrived = self._arrived, deque()
        for delivery in untaken:
            # Not rejected: nothing went wrong with them.
            channel.basic_nack(delivery.tag, requeue=True)
        self.has_left.set()

    def _pop(self, limit: int, max_bytes: int) -> list[Delivery]:
        batch: list[Delivery] = []
        room = max_bytes
        while self._arrived and len(batch) < limit:
            room -= self._arrived[0].size
            if batch and room < 0:
                break
            batch.append(self._arrived.popleft())
        return batch

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

    def _forget(self, tags: Iterable[int]) -> None:
        for tag in tags:
            del self._outstanding[tag]
