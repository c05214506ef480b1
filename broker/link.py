"""Keep a session with RabbitMQ alive, in an I/O thread of its own."""

import threading
from collections.abc import Callable

import structlog
import tenacity
from pika import URLParameters
from pika.adapters.select_connection import IOLoop

from broker import addresses, translate
from broker.errors import NotConnected
from broker.session import Session, User
from broker.topology import Topology
from schemas.errors import BrokerUnavailable

#: Bounds of the random pause before each further attempt, in seconds.
MIN_PAUSE, MAX_PAUSE = 0.1, 5.0


class Link:
    """A connection with one channel that comes back for ever until it is closed.

    One pika loop lives as long as the link, so no callback is ever scheduled on a
    loop that is dead (pika would drop it without a word).
    """

    def __init__(self, url: str, topology: Topology, *, name: str, user: User) -> None:
        """Raise BadAddress if a part of `url` cannot be understood."""
        self._addresses = addresses.parse(url, name=name)
        self._topology = topology
        self._user = user
        self._loop = IOLoop()
        self._session: Session | None = None
        self._closing = False
        self._tried = threading.Event()
        self._said: set[str] = set()
        #: Why there was no usable channel when last seen, or None if there was one.
        self.problem: BrokerUnavailable | None = NotConnected("not connected yet")
        self._log = structlog.stdlib.get_logger("broker").bind(connection=name)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_alive(self) -> bool:
        """Return whether the I/O thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

    def call(self, callback: Callable[[], None]) -> None:
        """Run `callback` in the I/O thread soon; from any thread."""
        self._loop.add_callback_threadsafe(callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Run `callback` in the I/O thread in that many seconds; from that thread."""
        self._loop.call_later(seconds, callback)

    def wait_connected(self, seconds: float) -> None:
        """Wait for the outcome of the first attempt; raise it if it was a failure."""
        self._tried.wait(seconds)
        if self.problem is not None:
            raise translate.again(self.problem) from self.problem

    def close(self, seconds: float) -> None:
        """Close the connection and end the I/O thread, waiting that long at most."""
        if self._thread.ident is None:
            self._loop.close()  # never started
            return
        self._closing = True
        self.call(self._leave)
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._log.warning("rabbitmq-does-not-let-go", seconds=seconds)

    def _run(self) -> None:
        try:
            while not self._closing:
                self._connect_at_last()
                self._serve()
        finally:
            # Also when a bug ends this thread: nobody may wait for it in vain.
            self._lose(NotConnected("the connection is closed"))
            self._tried.set()
            self._loop.close()

    def _connect_at_last(self) -> None:
        tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(NotConnected),
            wait=tenacity.wait_random_exponential(
                multiplier=2 * MIN_PAUSE, min=MIN_PAUSE, max=MAX_PAUSE
            ),
            sleep=self._pause,
            stop=lambda _: self._closing,
            retry_error_callback=lambda _: None,
        )(self._try_each_address)

    def _try_each_address(self) -> None:
        for parameters in self._addresses:
            if self._closing or self._try(parameters):
                return
        self._tried.set()
        raise NotConnected

    def _try(self, parameters: URLParameters) -> bool:
        self._session = Session(self._loop, parameters, self._topology, self._user)
        self._session.open()
        if self._session.is_over:
            self._lose(self._session.failure)
            return False
        self.problem = None
        self._said.clear()
        self._tried.set()
        self._log.info("rabbitmq-connected", address=addresses.label(parameters))
        return True

    def _serve(self) -> None:
        if self._session is not None:
            self._session.serve()
            self._lose(self._session.failure)
            # A broker that drops us as soon as we are ready must not be stormed.
            self._pause(MIN_PAUSE)

    def _lose(self, error: BrokerUnavailable | None) -> None:
        self._session = None
        self.problem = error or NotConnected("not connected")
        self._user.detach(self.problem, reopening=False)
        # Once per kind of failure: an outage of hours must not fill the log.
        if not self._closing and str(self.problem) not in self._said:
            self._said.add(str(self.problem))
            self._log.warning("rabbitmq-unusable", problem=str(self.problem))

    def _pause(self, seconds: float) -> None:
        # Callbacks must be served meanwhile, so that callers fail fast.
        timer = self._loop.call_later(seconds, self._loop.stop)
        if not self._closing:
            self._loop.start()
        self._loop.remove_timeout(timer)

    def _leave(self) -> None:
        if self._session is None:
            self._loop.stop()
        else:
            self._session.close()
