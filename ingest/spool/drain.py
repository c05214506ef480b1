"""Send what is in the spool, oldest first, and forget it only when it is confirmed."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from broker.confirm import Confirm
from broker.errors import TooLate, Unsendable
from broker.message import Message
from ingest.circuit import Circuit
from ingest.spool.segment import Segment
from ingest.spool.store import Store
from schemas.errors import BrokerUnavailable

_log = structlog.stdlib.get_logger("ingest.spool")

#: The most events, and bytes of bodies, on their way at once.
BATCH_EVENTS = 200
BATCH_BYTES = 8 << 20
#: How often it is looked whether there is anything to do, in seconds.
TICK_SECONDS = 0.25
#: How often files are looked for whose receiver is no more.
ADOPT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where the spool drains to."""

    is_ready: Callable[[], bool]
    submit: Callable[[Message], Confirm]
    #: Told how many events left the spool.
    count: Callable[[int], None]
    #: The most events a second.
    rate: float


class Drain:
    """The only thread that reads. With an open circuit it sends one event to try."""

    def __init__(self, store: Store, outlet: Outlet, circuit: Circuit) -> None:
        self._store = store
        self._outlet = outlet
        self._circuit = circuit
        self._stop = threading.Event()
        self._adopt_at = 0.0
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    def start(self) -> None:
        """Begin to look for what there is to send."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def close(self, timeout: float) -> None:
        """Stop; what is not confirmed stays in the spool."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._look_around()
            segment = self._store.oldest()
            if segment is None or not self._drain(segment):
                self._stop.wait(TICK_SECONDS)

    def _look_around(self) -> None:
        if time.monotonic() >= self._adopt_at:
            self._store.adopt()
            self._adopt_at = time.monotonic() + ADOPT_SECONDS

    def _drain(self, segment: Segment) -> bool:
        """Send all of a file; return whether it is gone."""
        while messages := segment.read():
            for batch in self._batches(messages):
                self._send(batch, segment)
                if self._stop.is_set():
                    return False
        return self._store.finish(segment)

    def _batches(self, messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
        # A tenth of a second's worth, so that a low rate is no row of bursts.
        most = max(1, min(BATCH_EVENTS, int(self._outlet.rate / 10)))
        batch: list[Message] = []
        size = 0
        for message in messages:
            size += len(message.body)
            if batch and (len(batch) >= most or size > BATCH_BYTES):
                yield batch
                batch, size = [], len(message.body)
            batch.append(message)
        yield batch

    def _send(self, batch: Sequence[Message], segment: Segment) -> None:
        """Return when all of `batch` is confirmed, or we are to stop."""
        began, left = time.monotonic(), batch
        while left and not self._stop.is_set():
            self._look_around()
            before = len(left)
            if self._outlet.is_ready():
                left = self._try(left, segment)
            if len(left) == before:
                self._stop.wait(TICK_SECONDS)
        if not left:
            self._store.settle(segment, batch)
            rest = len(batch) / self._outlet.rate - (time.monotonic() - began)
            self._stop.wait(max(0.0, rest))

    def _try(self, batch: Sequence[Message], segment: Segment) -> Sequence[Message]:
        """Return those of `batch` that have still to be sent."""
        now = 1 if self._circuit.is_open else len(batch)
        sent = [(it, self._outlet.submit(it)) for it in batch[:now]]
        # The publisher fails what is late; a stop must not have to wait for that.
        for _, confirm in sent:
            while not (self._stop.is_set() or confirm.wait(TICK_SECONDS)):
                pass
        failed = [it for it, told in sent if not self._is_done(it, told, segment)]
        return [*failed, *batch[now:]]

    def _is_done(self, message: Message, confirm: Confirm, segment: Segment) -> bool:
        if not confirm.is_settled():
            return False
        error = confirm.error
        if isinstance(error, Unsendable):
            segment.flaw = "holds an event that the broker can never take"
            _log.error("spool-unsendable", why=error, **message.names())
        elif isinstance(error, BrokerUnavailable):
            if isinstance(error, TooLate):
                self._circuit.trip()
            return False
        else:
            self._circuit.close()
            self._outlet.count(1)
        return True
