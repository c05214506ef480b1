"""One connection to RabbitMQ with one channel, from its opening to its end."""

from collections.abc import Callable
from typing import Protocol

from pika import SelectConnection, URLParameters
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel

from broker import addresses, translate
from broker.corked import CorkedConnection
from broker.errors import NotConnected
from broker.topology import Topology
from schemas.errors import BrokerUnavailable

#: Declaring may take this many seconds; a queue without a majority never answers.
SETUP_SECONDS = 15.0


class User(Protocol):
    """Whoever works on the channel; called in the I/O thread only."""

    def attach(self, channel: Channel, ready: Callable[[], None]) -> None:
        """Prepare a new channel, whose topology stands, and call `ready` then."""

    def detach(self, error: BrokerUnavailable, *, reopening: bool) -> None:
        """Give up the channel; if `reopening`, the next one comes at once."""

    def block(self, *, blocked: bool) -> None:
        """Note that the broker takes no messages, or takes them again."""


class Session:
    """A connection whose channel is opened anew whenever the broker closes it.

    Stops the loop when it gets ready and when it is over; lives in the loop's thread.
    """

    def __init__(
        self,
        loop: IOLoop,
        parameters: URLParameters,
        topology: Topology,
        user: User,
        *,
        setup_seconds: float = SETUP_SECONDS,
    ) -> None:
        self._loop = loop
        self._setup_seconds = setup_seconds
        self._topology = topology
        self._user = user
        self.is_ready = False
        self.is_over = False
        #: Why the session is over, or its channel could not be used.
        self.failure: BrokerUnavailable | None = None
        where = addresses.label(parameters)
        self._connection = CorkedConnection(
            parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=lambda _, error: self._end(
                translate.never_opened(error, where)
            ),
            on_close_callback=lambda _, error: self._end(translate.closed(error)),
            custom_ioloop=loop,
        )

    def open(self) -> None:
        """Run the loop until the session is ready or over."""
        while not (self.is_ready or self.is_over):
            try:
                self._loop.start()
            except AssertionError:
                # pika, told to close during the handshake, tells us that it is over
                # and then stumbles over its own report of it.
                if not self.is_over:
                    raise

    def serve(self) -> None:
        """Run the loop until the session is over."""
        while not self.is_over:
            self._loop.start()

    def close(self) -> None:
        """Begin to close the connection in good order."""
        if not self.is_over and not self._connection.is_closing:
            self._connection.close()

    def _on_open(self, connection: SelectConnection) -> None:
        block = self._user.block
        connection.add_on_connection_blocked_callback(lambda *_: block(blocked=True))
        connection.add_on_connection_unblocked_callback(lambda *_: block(blocked=False))
        self._open_channel()

    def _open_channel(self) -> None:
        channel = self._connection.channel(on_open_callback=self._on_channel_open)
        channel.add_on_close_callback(self._on_channel_closed)
        self._loop.call_later(self._setup_seconds, lambda: self._give_up(channel))

    def _on_channel_open(self, channel: Channel) -> None:
        self._topology.declare(channel, lambda: self._user.attach(channel, self._win))

    def _win(self) -> None:
        self.is_ready = True
        self._loop.stop()

    def _give_up(self, channel: Channel) -> None:
        if self.is_ready or self.is_over or channel.is_closed:
            return
        self.failure = NotConnected("RabbitMQ did not answer in time")
        self.close()

    def _on_channel_closed(self, _channel: Channel, reason: BaseException) -> None:
        if not self._connection.is_open:
            return  # the end of the connection is told to us as well
        error = translate.closed(reason)
        if self.is_ready:
            self.is_ready = False
            self._user.detach(error, reopening=True)
            self._open_channel()
        else:
            self.failure = error
            self._connection.close()

    def _end(self, error: BrokerUnavailable) -> None:
        self.is_over = True
        # What made us close it ourselves says more than the fact that we did.
        self.failure = self.failure or error
        self._loop.stop()
