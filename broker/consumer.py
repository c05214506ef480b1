"""Take what has arrived in the events' queue, and acknowledge what is done."""

import time
from collections.abc import Sequence

from broker.delivery import Delivery
from broker.intake import Intake
from broker.link import Link
from broker.topology import Topology
from schemas.errors import BrokerUnavailable

#: A batch has no more bytes than this, decoded, unless one message alone has.
MAX_BATCH_BYTES = 32 * 1024 * 1024


class Consumer:
    """Receives in an I/O thread of its own, which also answers heartbeats.

    RabbitMQ hands out up to `prefetch` messages that are not acknowledged, far fewer
    while some of them came back from a worker before. What was
    taken on a connection that is lost meanwhile comes again, and its acknowledgement
    is silently dropped.
    """

    def __init__(
        self, url: str, topology: Topology, *, name: str, prefetch: int
    ) -> None:
        """Raise BadAddress if a part of `url` cannot be understood."""
        self._intake = Intake(topology.events, prefetch=prefetch)
        self._link = Link(url, topology, name=name, user=self._intake)

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._link.start()

    def take(
        self, limit: int, timeout: float, *, max_bytes: int = MAX_BATCH_BYTES
    ) -> list[Delivery]:
        """Return what has arrived, at most `limit`; [] if nothing has in `timeout` s.

        Waits for the first one only, never for a batch to fill. What came back is
        returned apart from what is new, in small groups or alone. Nothing is received
        ahead of the first call on each connection.
        """
        if self._intake.is_idle:
            self._link.call(self._intake.subscribe)
        return self._intake.take(limit, timeout, max_bytes)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Tell RabbitMQ that these are done, soon."""
        self._link.call(lambda: self._intake.ack(deliveries))

    def requeue(self, deliveries: Sequence[Delivery]) -> None:
        """Give these back, soon; each counts as one more delivery."""
        self._link.call(lambda: self._intake.reject(deliveries))

    def is_ready(self) -> bool:
        """Return whether messages can be received."""
        return self._intake.is_attached

    def unacknowledged(self) -> int:
        """Return how many messages we were handed and RabbitMQ waits to hear of."""
        return self._intake.unacknowledged

    @property
    def problem(self) -> BrokerUnavailable | None:
        """Return why nothing is being received, or None."""
        return self._link.problem

    def close(self, timeout: float) -> None:
        """Stop taking, give back what was not taken, and close the connection.

        Acknowledgements made before are sent; what was taken and not acknowledged
        comes again.
        """
        end = time.monotonic() + timeout
        self._intake.shut()
        if self._link.is_alive:
            self._link.call(self._intake.leave)
            self._intake.has_left.wait(timeout)
        self._link.close(max(1.0, end - time.monotonic()))
