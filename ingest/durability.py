"""Put an event where it outlives the receiver: the only place that decides where."""

from collections.abc import Callable
from dataclasses import dataclass

from broker.confirm import Confirm
from broker.errors import TooLate
from broker.message import Message
from ingest.circuit import Circuit
from ingest.spool.errors import CannotSpool
from schemas.errors import BrokerUnavailable

#: What the sender is told of an event that the broker has confirmed,
QUEUED = "queued"
#: and of one that is on the receiver's own disk.
SPOOLED = "spooled"

#: A large body may take longer to be confirmed, by this many bytes a second.
BYTES_PER_SECOND = 8 << 20


@dataclass(frozen=True, slots=True)
class Durability:
    """Publish an event, else spool it."""

    #: Returns when the broker has confirmed; raises BrokerUnavailable if it has not.
    publish: Callable[[Message], None]
    #: Returns when the disk has confirmed; raises CannotSpool if it has not.
    spool: Callable[[Message], None]
    circuit: Circuit

    def make_durable(self, message: Message) -> str:
        """Return where `message` is safe now; raise CannotSpool if nowhere.

        Raise TooLarge if the broker can never take it. Of an event that was spooled
        since its confirm was late there may be two in the end; they have one receipt.
        """
        if self.circuit.is_open:
            return self._spool_first(message)
        try:
            self._publish(message)
        except BrokerUnavailable as exc:
            return self._spool(message, exc)
        return QUEUED

    def _spool_first(self, message: Message) -> str:
        try:
            return self._spool(message, None)
        except CannotSpool as exc:
            try:
                self._publish(message)
            except BrokerUnavailable as cause:
                raise exc from cause
            self.circuit.close()
            return QUEUED

    def _publish(self, message: Message) -> None:
        try:
            self.publish(message)
        except TooLate:
            self.circuit.trip()
            raise

    def _spool(self, message: Message, cause: BrokerUnavailable | None) -> str:
        try:
            self.spool(message)
        except CannotSpool as exc:
            if cause is None:
                raise
            raise CannotSpool(f"{exc}; the broker: {cause}") from cause
        return SPOOLED


def patient(
    submit: Callable[[Message], Confirm], seconds: float
) -> Callable[[Message], None]:
    """Return a function that submits a message and waits so long for its confirm.

    It raises TooLate if that does not come in time, however patient the publisher is.
    """

    def publish(message: Message) -> None:
        confirm = submit(message)
        try:
            confirm.result(seconds + len(message.body) / BYTES_PER_SECOND)
        except TimeoutError as exc:
            raise TooLate("RabbitMQ did not confirm the message in time") from exc

    return publish
