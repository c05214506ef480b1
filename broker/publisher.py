"""Send messages so that each is confirmed by RabbitMQ, or known not to be."""

import time

from broker.confirm import Confirm
from broker.envelope import Parcel, pack
from broker.link import Link
from broker.message import Message
from broker.pipeline import Pipeline, too_late
from broker.topology import Topology
from broker.unconfirmed import Sending, Told, both, untold
from schemas.errors import BrokerUnavailable

#: Deadlines are looked after this often, in seconds.
SWEEP_SECONDS = 0.25
#: The I/O thread fails what is late; should it be stuck itself, we wait no longer
#: than this many seconds more.
GRACE_SECONDS = 1.0


class Publisher:
    """Sends for many threads over one connection, confirms pipelined.

    Threads hand over in a queue and wake the I/O thread once per burst; it keeps up
    to `window` messages in flight. A message that failed may have been stored all the
    same: whoever sends it again may send a duplicate.
    """

    def __init__(
        self,
        url: str,
        topology: Topology,
        *,
        name: str,
        confirm_seconds: float = 5.0,
        window: int = 1000,
        told: Told = untold,
    ) -> None:
        """Raise BadAddress if a part of `url` cannot be understood.

        `told` learns what becomes of each message, in any thread.
        """
        self.topology = topology
        self._told = told
        self._seconds = confirm_seconds
        self._pipeline = Pipeline(window=window)
        self._link = Link(url, topology, name=name, user=self._pipeline)
        self._is_woken = False

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._link.call(self._sweep)
        self._link.start()

    def wait_connected(self, seconds: float) -> None:
        """Wait for the outcome of the first attempt; raise it if it was a failure."""
        self._link.wait_connected(seconds)

    def close(self, timeout: float) -> None:
        """Take nothing more, wait for what is in flight, and close the connection.

        What is not confirmed after `timeout` seconds fails.
        """
        end = time.monotonic() + timeout
        self._pipeline.shut()
        if self._link.is_alive:
            self._link.call(self._pipeline.sweep)
            self._pipeline.is_drained.wait(timeout)
        self._link.close(max(GRACE_SECONDS, end - time.monotonic()))

    def is_ready(self) -> bool:
        """Return whether a message sent now would go out."""
        return self._pipeline.is_ready

    @property
    def problem(self) -> BrokerUnavailable | None:
        """Return why nothing can be sent now, or None."""
        return self._pipeline.obstacle

    def publish(self, message: Message) -> None:
        """Send an event and wait until it is confirmed.

        Raise a BrokerUnavailable if it is not, Unsendable if it never can be.
        """
        confirm = self.submit(message)
        try:
            confirm.result(self._seconds + GRACE_SECONDS)
        except TimeoutError as exc:
            raise too_late() from exc

    def submit(self, message: Message, told: Told | None = None) -> Confirm:
        """Send an event; which is done when it is confirmed or has failed."""
        return self.send(pack(message, self.topology), told)

    def send(self, parcel: Parcel, told: Told | None = None) -> Confirm:
        """Send a parcel; which is done when it is confirmed or has failed.

        `told` learns what becomes of this one, after who learns of all.
        """
        tell = self._told if told is None else both(self._told, told)
        sending = Sending(parcel, time.monotonic() + self._seconds, tell)
        obstacle = self._pipeline.put(sending)
        if obstacle is None:
            self._wake_once()
        else:
            sending.settle(obstacle)
        return sending.confirm

    def _wake_once(self) -> None:
        if not self._is_woken:
            self._is_woken = True
            self._link.call(self._transmit)

    def _transmit(self) -> None:
        # Before the queue is read: who appends from now on wakes us once more.
        self._is_woken = False
        self._pipeline.transmit()

    def _sweep(self) -> None:
        self._link.later(SWEEP_SECONDS, self._sweep)
        self._pipeline.sweep()
