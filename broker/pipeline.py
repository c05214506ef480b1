"""Publish what many threads put in, and settle it by the broker's confirms."""

import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from pika.channel import Channel
from pika.exceptions import AMQPError
from pika.frame import Method
from pika.spec import Basic, BasicProperties

from broker import translate
from broker.errors import Blocked, NotConnected, Refused, Returned, TooLate, Unsendable
from broker.unconfirmed import Sending, Unconfirmed
from schemas.errors import BrokerUnavailable, ForgewireError

#: What pika raises for properties that AMQP cannot express.
_UNENCODABLE = (AMQPError, AssertionError, TypeError, ValueError, struct.error)


class Pipeline:
    """The I/O thread's side of a publisher; only `put` is for other threads."""

    def __init__(self, *, window: int) -> None:
        self._window = window
        self._gate = threading.Lock()
        self._is_shut = False
        self._waiting: deque[Sending] = deque()
        self._unconfirmed = Unconfirmed()
        self._channel: Channel | None = None
        #: Why nothing can be sent now, or None.
        self.obstacle: BrokerUnavailable | None = NotConnected("not connected yet")
        #: Set when it was shut and nothing is left in it.
        self.is_drained = threading.Event()

    @property
    def is_ready(self) -> bool:
        return self.obstacle is None and self._channel is not None

    def put(self, sending: Sending) -> BrokerUnavailable | None:
        """Let a sending wait for its turn, or return why none can be taken now."""
        with self._gate:
            if self._is_shut:
                return NotConnected("the publisher is closed")
            if self.obstacle is not None:
                return translate.again(self.obstacle)
            self._waiting.append(sending)
        return None

    def shut(self) -> None:
        """Take nothing more; what is here is still sent."""
        with self._gate:
            self._is_shut = True

    def attach(self, channel: Channel, ready: Callable[[], None]) -> None:
        """Prepare a new channel for confirms."""
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(
            self._on_confirm, callback=lambda _: self._begin(channel, ready)
        )

    def detach(self, error: BrokerUnavailable, *, reopening: bool) -> None:
        """Fail what is in flight; what waits fails too, unless `reopening`."""
        self._channel = None
        self._fail_in_flight(error)
        if not reopening:
            self._obstruct(error)

    def block(self, *, blocked: bool) -> None:
        """Fail everything as long as the broker is short of something."""
        if not blocked:
            self.obstacle = None
            return
        error = Blocked("RabbitMQ is short of memory or disk and takes no messages")
        self._fail_in_flight(error)
        self._obstruct(error)

    def transmit(self) -> None:
        """Publish what waits, as far as channel and window allow."""
        channel = self._channel
        while self._waiting and channel is not None and self._has_room(channel):
            self._publish(channel, self._waiting.popleft())

    def sweep(self) -> None:
        """Fail what is past its deadline, and see whether anything is left."""
        now = time.monotonic()
        late = self._unconfirmed.expire(now)
        while self._waiting and self._waiting[0].deadline <= now:
            late.append(self._waiting.popleft())
        _fail(late, too_late)
        self.transmit()
        self._look_whether_drained()

    def _begin(self, channel: Channel, ready: Callable[[], None]) -> None:
        self._channel = channel
        self._unconfirmed = Unconfirmed()
        self.obstacle = None
        ready()
        self.transmit()

    def _has_room(self, channel: Channel) -> bool:
        return channel.is_open and len(self._unconfirmed) < self._window

    def _publish(self, channel: Channel, sending: Sending) -> None:
        parcel = sending.parcel
        try:
            channel.basic_publish(
                parcel.exchange,
                parcel.routing_key,
                parcel.body,
                parcel.properties,
                mandatory=True,
            )
        except _UNENCODABLE as exc:
            error = Unsendable(f"AMQP cannot express the message: {type(exc).__name__}")
            sending.settle(error)
        else:
            self._unconfirmed.add(sending)

    def _on_return(
        self, _: Channel, method: Basic.Return, properties: BasicProperties, __: bytes
    ) -> None:
        self._unconfirmed.mark_returned(method.exchange, properties.message_id)

    def _on_confirm(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        confirm = frame.method
        is_ack = isinstance(confirm, Basic.Ack)
        for sending in self._unconfirmed.settle(
            confirm.delivery_tag, multiple=confirm.multiple
        ):
            _settle(sending, is_ack=is_ack)
        self.transmit()
        self._look_whether_drained()

    def _fail_in_flight(self, error: BrokerUnavailable) -> None:
        size = translate.too_large(error.__cause__)
        sendings = self._unconfirmed.clear()
        culprits = [it for it in sendings if len(it.parcel.body) == size]
        others = [it for it in sendings if len(it.parcel.body) != size]
        _fail(culprits, lambda: translate.refusal(size))
        _fail(others, lambda: translate.again(error))

    def _obstruct(self, error: BrokerUnavailable) -> None:
        with self._gate:
            self.obstacle = error
            waiting, self._waiting = self._waiting, deque()
        _fail(waiting, lambda: translate.again(error))
        self._look_whether_drained()

    def _look_whether_drained(self) -> None:
        if self._is_shut and not self._waiting and not self._unconfirmed:
            self.is_drained.set()


def too_late() -> TooLate:
    """Return what to say of a message whose confirm did not come in time."""
    return TooLate("RabbitMQ did not confirm the message in time")


def _settle(sending: Sending, *, is_ack: bool) -> None:
    if sending.returned:
        _fail([sending], lambda: Returned("no queue is bound to take the message"))
    elif is_ack:
        sending.settle()
    else:
        _fail([sending], lambda: Refused("RabbitMQ did not store the message"))


def _fail(sendings: Iterable[Sending], error: Callable[[], ForgewireError]) -> None:
    for sending in sendings:
        sending.settle(error())
