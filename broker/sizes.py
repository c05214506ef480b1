"""Ask again and again how long queues are, over a connection that comes back."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from pika.channel import Channel

from broker import translate
from broker.browser import look
from broker.errors import NotConnected, TooLate
from broker.link import Link
from broker.topology import Topology
from schemas.errors import BrokerUnavailable


class Sizes:
    """Connects when it is first asked, and takes no message; safe to share."""

    def __init__(
        self, url: str, topology: Topology, *, name: str, answer_seconds: float
    ) -> None:
        self._seconds = answer_seconds
        self._channel: Channel | None = None
        self._answer: Future[Any] = Future()
        self._make = partial(Link, url, topology, name=name, user=self)
        self._link: Link | None = None
        self._asking = threading.Lock()

    def close(self) -> None:
        """End the connection."""
        if self._link is not None:
            self._link.close(self._seconds)

    def read(self, queue: str) -> tuple[int, int]:
        """Return how many messages are ready, and how many subscriptions there are.

        Raise a BrokerUnavailable, or BadAddress.
        """
        with self._asking:
            told = self._told(self._linked(), queue)
        return int(told.message_count), int(told.consumer_count)

    def attach(self, channel: Channel, ready: Callable[[], None]) -> None:
        """Ask on this channel from now on."""
        self._channel = channel
        ready()

    def detach(self, error: BrokerUnavailable, *, reopening: bool) -> None:
        """Fail what is being asked."""
        del reopening
        self._channel = None
        if not self._answer.done():
            self._answer.set_exception(translate.again(error))

    def block(self, *, blocked: bool) -> None:
        """Do nothing: who only asks is never blocked."""

    def _linked(self) -> Link:
        if self._link is None:
            self._link = self._make()
            self._link.start()
        return self._link

    def _told(self, link: Link, queue: str) -> Any:
        link.wait_connected(self._seconds)
        answer: Future[Any] = Future()
        link.call(lambda: self._ask(queue, answer))
        try:
            return answer.result(self._seconds)
        except TimeoutError as exc:
            raise TooLate("RabbitMQ did not answer in time") from exc

    def _ask(self, queue: str, answer: Future[Any]) -> None:
        self._answer = answer
        if self._channel is None or not self._channel.is_open:
            answer.set_exception(NotConnected("not connected"))
        else:
            look(queue, self._channel, answer)
