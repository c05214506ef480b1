"""Take batches and work them until told to stop; alone here is acked and retried."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from broker.consumer import Consumer
from broker.delivery import Delivery
from schemas.errors import Unavailable
from state.ledger import Row
from workers import standstill
from workers.batch import Tools, work
from workers.brake import TooManyRejections
from workers.metrics import Metrics

T = TypeVar("T")

_log = structlog.stdlib.get_logger("worker")

#: How long `take` waits before it looks whether to stop, in seconds.
TAKE_SECONDS = 0.5
#: The first and the longest wait before a batch is tried again, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Loop:
    """What a worker does over and over, and with what."""

    consumer: Consumer
    tools: Tools
    metrics: Metrics
    batch_size: int
    stop: threading.Event
    #: The waits before each probe while standing still, in seconds.
    waits: Callable[[], Iterable[float]] = standstill.pauses

    def run(self) -> None:
        """Work what the consumer hands out until `stop` is set.

        While a server is away the batch is kept and tried again for as long as it
        takes: nothing is given back, so no attempt is burnt. A batch that is still
        unwritten when `stop` comes is left unacknowledged, and the broker keeps it.
        """
        held: list[Delivery] = []
        while not self.stop.is_set():
            batch = held[: self.batch_size] or self._take(TAKE_SECONDS)
            held = held[self.batch_size :]
            try:
                if batch:
                    self.work(batch)
            except TooManyRejections as exc:
                held = self._stand_still([*batch, *held], exc)

    def work(self, batch: Sequence[Delivery]) -> bool:
        """Work a batch to its acknowledgement; return False if told to stop before."""
        started = time.monotonic()
        with self.tools.tracing.processing(batch):
            rows = until_available(
                partial(work, batch, self.tools), self.metrics, self.stop
            )
        if rows is None:
            _log.warning("stopped-unwritten", events=len(batch))
            return False
        self.consumer.ack(batch)
        _tell(rows)
        self.metrics.count(rows)
        self.metrics.batch_events.observe(len(batch))
        self.metrics.batch_seconds.observe(time.monotonic() - started)
        self.metrics.last_batch.set_to_current_time()
        return True

    def _take(self, seconds: float) -> list[Delivery]:
        return self.consumer.take(self.batch_size, seconds)

    def _stand_still(
        self, held: Sequence[Delivery], error: TooManyRejections
    ) -> list[Delivery]:
        probing = standstill.Probing(
            brake=self.tools.brake,
            handlers=self.tools.handlers,
            take=partial(self._take, 0),
            work=lambda delivery: self.work([delivery]),
            stop=self.stop,
        )
        self.metrics.standing_still.set(1)
        left = standstill.stand_still(held, error, probing, self.waits())
        self.metrics.standing_still.set(self.tools.brake.is_on)
        return left


def until_available(
    attempt: Callable[[], T], metrics: Metrics, stop: threading.Event
) -> T | None:
    """Return what `attempt` returns once no server is away; None if told to stop."""
    began, retrying = time.monotonic(), _retrying(metrics, stop)
    try:
        result = retrying(attempt)
    except Unavailable:
        return None
    if retrying.statistics["attempt_number"] > 1:
        _log.info("working-again", seconds=round(time.monotonic() - began, 1))
    return result


def _retrying(metrics: Metrics, stop: threading.Event) -> Retrying:
    def before_sleep(state: RetryCallState) -> None:
        metrics.retries.inc()
        error = state.outcome.exception() if state.outcome else None
        _log.warning("waiting", attempt=state.attempt_number, error=str(error))

    return Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_random_exponential(
            multiplier=2 * FIRST_WAIT, min=FIRST_WAIT, max=LONGEST_WAIT
        ),
        stop=stop_when_event_set(stop),
        sleep=sleep_using_event(stop),
        before_sleep=before_sleep,
        reraise=True,
    )


def _tell(rows: Sequence[Row]) -> None:
    for row in rows:
        tell = _log.warning if row.outcome == "dead" else _log.info
        tell(
            "delivery",
            delivery_id=row.delivery_id,
            source=row.source,
            name=row.event,
            outcome=row.outcome,
            entity=row.entity,
            reason=row.reason,
            **({"trace_id": row.trace_id} if row.trace_id else {}),
        )
