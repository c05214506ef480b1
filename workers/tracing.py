"""Trace batches: a span for each event, and one for each time a batch is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
)

from broker.delivery import Delivery
from broker.traced import processing
from tracing import context


class Tracing:
    """Makes the spans of a worker, which has one batch at a time."""

    def __init__(self, tracer: Tracer | None = None, queue: str = "") -> None:
        """Make none without a tracer; `queue` is where the events come from."""
        self._tracer = tracer
        self._queue = queue
        self._spans: dict[Delivery, Span] = {}

    @contextmanager
    def processing(self, batch: Sequence[Delivery]) -> Iterator[None]:
        """Have a span for each of the batch, until the context is left."""
        if self._tracer is None:
            yield
            return
        self._spans = {it: processing(self._tracer, it, self._queue) for it in batch}
        try:
            yield
        except Exception as exc:
            for span in self._spans.values():
                _fail(span, exc)
            raise
        finally:
            for span in self._spans.values():
                span.end()
            self._spans = {}

    @contextmanager
    def writing(self, what: str, deliveries: Iterable[Delivery]) -> Iterator[None]:
        """Have a span while `what` of these is written, with links to theirs.

        It is a child of the first, since it can be of one only; the others have links
        to it.
        """
        spans = self._recording(deliveries)
        if self._tracer is None or not spans:
            yield
            return
        with self._tracer.start_as_current_span(
            f"write {what}",
            context.below(spans[0]),
            SpanKind.CLIENT,
            {"db.system.name": "mongodb", "db.operation.batch.size": len(spans)},
            [Link(it.get_span_context()) for it in spans],
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            for it in spans[1:]:
                it.add_link(span.get_span_context())
            try:
                yield
            except Exception as exc:
                _fail(span, exc)
                raise

    def tell(self, told: Iterable[tuple[Delivery, Mapping[str, str | None]]]) -> None:
        """Have spans say what became of their deliveries.

        That is `outcome`, `entity` and `reason`, as the ledger has them.
        """
        if not self._spans:
            return
        for delivery, names in told:
            span = self._spans[delivery]
            for name, value in names.items():
                if value is not None:
                    span.set_attribute(f"forgewire.{name}", value)
            if names.get("reason") is not None:
                span.set_status(Status(StatusCode.ERROR, names["reason"]))

    def _recording(self, deliveries: Iterable[Delivery]) -> list[Span]:
        if not self._spans:
            return []
        spans = (self._spans.get(it) for it in deliveries)
        return [it for it in spans if it is not None and it.is_recording()]


def _fail(span: Span, error: Exception) -> None:
    # Not its message, which may quote what is nobody's business.
    name = type(error).__name__
    span.set_attribute("error.type", name)
    span.set_status(Status(StatusCode.ERROR, name))
