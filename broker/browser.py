"""Look at the messages of a queue one by one, and remove some of them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pika import BasicProperties
from pika.channel import Channel
from pika.spec import Basic

from broker import translate
from broker.errors import ConnectionLost, TooLate
from broker.link import Link
from broker.topology import Topology
from schemas.errors import BrokerUnavailable

#: RabbitMQ may take this many seconds for each answer.
ANSWER_SECONDS = 15.0

_Question: TypeAlias = Callable[[Channel, Future[Any]], None]


@dataclass(frozen=True, slots=True)
class Held:
    """A message in hand, and the number by which it is removed."""

    tag: int
    properties: BasicProperties = field(repr=False)
    body: bytes = field(repr=False)


class Browser:
    """A connection that gets messages, and acknowledges only what is to be removed.

    The others return to their places in the queue when it is closed, or lost. It keeps
    no message in memory, and does not survive the loss of its connection.
    """

    def __init__(
        self,
        url: str,
        topology: Topology,
        *,
        name: str,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Connect; raise a BrokerUnavailable if that fails, BadAddress if it cannot."""
        self._seconds = answer_seconds
        self._channel: Channel | None = None
        self._answer: Future[Any] = Future()
        #: The numbers of what is held, ascending; a dict, for it is ordered.
        self._tags: dict[int, None] = {}
        self._is_lost = False
        self._link = Link(url, topology, name=name, user=self)
        self._link.start()
        try:
            self._link.wait_connected(self._seconds)
        except BrokerUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Give back all that was not removed."""
        self._link.call(self._give_back)
        self._link.close(self._seconds)

    def messages(self, queue: str) -> Iterator[Held]:
        """Yield what is in the queue now, the oldest first; what comes later is left.

        Or who puts back what they take would never come to an end.
        """
        first = self._next(queue)
        if first is None:
            return
        # Counted behind the first: the queue answers from what it has worked off, and
        # only by then that is all which others had put back before.
        rest = self.count(queue)
        yield first
        for _ in range(rest):
            held = self._next(queue)
            if held is None:
                return
            yield held

    def remove(self, tags: Iterable[int]) -> None:
        """Remove messages that are held, soon; `count` returns after it is done."""
        listed = list(tags)
        self._link.call(lambda: self._acknowledge(listed))

    def count(self, queue: str) -> int:
        """Return how many messages are ready in the queue."""
        return self.size(queue)[0]

    def consumers(self, queue: str) -> int:
        """Return how many subscriptions the queue has."""
        return self.size(queue)[1]

    def size(self, queue: str) -> tuple[int, int]:
        """Return how many messages are ready, and how many subscriptions there are."""
        told = self._ask(lambda *it: look(queue, *it))
        return int(told.message_count), int(told.consumer_count)

    def attach(self, channel: Channel, ready: Callable[[], None]) -> None:
        """Note the channel; an empty queue has an answer of its own."""
        channel.add_callback(
            lambda _: self._answer.set_result(None), [Basic.GetEmpty], one_shot=False
        )
        # A second channel would begin from the front again, so it is not used.
        self._channel = None if self._is_lost else channel
        ready()

    def detach(self, error: BrokerUnavailable, *, reopening: bool) -> None:
        """Fail what is being asked, and all that follows."""
        del reopening
        self._is_lost = self._is_lost or self._channel is not None
        self._channel = None
        if not self._answer.done():
            self._answer.set_exception(translate.again(error))

    def block(self, *, blocked: bool) -> None:
        """Do nothing: who only reads is never blocked."""

    def _give_back(self) -> None:
        # One by one: closing the channel alone would return them in any order.
        channel = self._channel
        if channel is not None and channel.is_open:
            for tag in self._tags:
                channel.basic_nack(tag, requeue=True)

    def _next(self, queue: str) -> Held | None:
        message = self._ask(lambda *it: _get(queue, *it))
        if message is None:
            return None
        held = Held(*message)
        self._tags[held.tag] = None
        return held

    def _acknowledge(self, tags: Iterable[int]) -> None:
        channel = self._channel
        if channel is not None and channel.is_open:
            for tag in tags:
                if tag in self._tags:
                    del self._tags[tag]
                    channel.basic_ack(tag)

    def _ask(self, question: _Question) -> Any:
        answer: Future[Any] = Future()
        self._link.call(lambda: self._put(question, answer))
        try:
            return answer.result(self._seconds)
        except TimeoutError as exc:
            raise TooLate("RabbitMQ did not answer in time") from exc

    def _put(self, question: _Question, answer: Future[Any]) -> None:
        self._answer = answer
        # pika closes a channel before it tells that the connection is lost.
        if self._channel is None or not self._channel.is_open:
            answer.set_exception(ConnectionLost("the connection was lost meanwhile"))
        else:
            question(self._channel, answer)


def _get(queue: str, channel: Channel, answer: Future[Any]) -> None:
    channel.basic_get(
        queue,
        lambda _, method, *message: answer.set_result((method.delivery_tag, *message)),
    )


def look(queue: str, channel: Channel, answer: Future[Any]) -> None:
    """Ask how a queue is, without taking anything from it."""
    channel.queue_declare(
        queue,
        passive=True,
        callback=lambda frame: answer.set_result(frame.method),
    )
