"""Take batches and work them until told to stop; alone here is acked and retried."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential_jitter,
)

from broker.consumer import Consumer
from schemas.errors import Unavailable
from state.ledger import Row
from workers.batch import Tools, work
from workers.metrics import Metrics

T = TypeVar("T")

_log = structlog.stdlib.get_logger("worker")

#: How long `take` waits before it looks whether to stop, in seconds.
TAKE_SECONDS = 0.5
#: The first and the longest wait before a batch is tried again, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


def run(
    consumer: Consumer,
    tools: Tools,
    metrics: Metrics,
    *,
    batch_size: int,
    stop: threading.Event,
) -> None:
    """Work what the consumer hands out until `stop` is set.

    While a server is away the batch is kept and tried again for as long as it takes:
    nothing is given back, so no attempt is burnt. A batch that is still unwritten when
    `stop` comes is left unacknowledged, and the broker keeps it.
    """
    while not stop.is_set():
        batch = consumer.take(batch_size, TAKE_SECONDS)
        if not batch:
            continue
        started = time.monotonic()
        rows = until_available(partial(work, batch, tools), metrics, stop)
        if rows is None:
            _log.warning("stopped-unwritten", events=len(batch))
            return
        consumer.ack(batch)
        _tell(rows)
        metrics.count(rows)
        metrics.batch_events.observe(len(batch))
        metrics.batch_seconds.observe(time.monotonic() - started)
        metrics.last_batch.set_to_current_time()


def until_available(
    attempt: Callable[[], T], metrics: Metrics, stop: threading.Event
) -> T | None:
    """Return what `attempt` returns once no server is away; None if told to stop."""

    def before_sleep(state: RetryCallState) -> None:
        metrics.retries.inc()
        error = state.outcome.exception() if state.outcome else None
        _log.warning("waiting", attempt=state.attempt_number, error=str(error))

    retrying = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential_jitter(initial=FIRST_WAIT, max=LONGEST_WAIT),
        stop=stop_when_event_set(stop),
        sleep=sleep_using_event(stop),
        before_sleep=before_sleep,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except Unavailable:
        return None


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
        )
