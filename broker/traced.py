"""Trace messages: a span for each that is sent, and one for each that is processed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from pika import BasicProperties

from broker.confirm import Confirm
from broker.delivery import Delivery
from broker.message import Message
from broker.outcomes import CONFIRMED
from broker.publisher import Publisher
from tracing import context


def submitting(
    publisher: Publisher, tracer: Tracer | None
) -> Callable[[Message], Confirm]:
    """Return what submits a message, and makes a span until that is settled.

    The message then bears the context of the span, whose parent is what it bore before.
    """
    if tracer is None:
        return publisher.submit
    queue = publisher.topology.events

    def submit(message: Message) -> Confirm:
        span = tracer.start_span(
            f"publish {queue}",
            context.parent(message.traceparent, message.tracestate),
            SpanKind.PRODUCER,
            _named(queue, "send", message.delivery_id, message.event)
            | {
                "forgewire.source": message.source,
                "forgewire.receipt": message.receipt,
            },
        )
        traceparent, tracestate = context.headers(span)
        sent = replace(message, traceparent=traceparent, tracestate=tracestate)
        return publisher.submit(sent, partial(_end, span))

    return submit


def processing(tracer: Tracer, delivery: Delivery, queue: str) -> Span:
    """Begin a span for a delivery, below the span that sent it.

    If nobody has traced it so far the delivery bears the context of this one.
    """
    properties = delivery.properties
    told = _told(properties)
    span = tracer.start_span(
        f"process {queue}",
        context.parent(told.get("traceparent"), told.get("tracestate")),
        SpanKind.CONSUMER,
        _named(queue, "process", properties.message_id, properties.type)
        | {name: told[header] for name, header in _OURS.items() if header in told},
    )
    if properties.headers is not None and "traceparent" not in properties.headers:
        traceparent, _ = context.headers(span)
        properties.headers = {**properties.headers, "traceparent": traceparent}
    return span


#: What a span says of a message, and the header that has it.
_OURS = {"forgewire.source": "ce-source", "forgewire.receipt": "fw-receipt"}


def _named(
    queue: str, operation: str, delivery_id: str | None, event: str | None
) -> dict[str, str]:
    """Return attributes by the names that OpenTelemetry gives them, and ours."""
    return {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": queue,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.message.id": delivery_id or "",
        "forgewire.event": event or "",
    }


def _told(properties: BasicProperties) -> dict[str, str]:
    """Return the headers that are texts; others may have put anything there."""
    headers = properties.headers or {}
    return {name: it for name, it in headers.items() if isinstance(it, str)}


def _end(span: Span, outcome: str, _seconds: float) -> None:
    span.set_attribute("forgewire.outcome", outcome)
    if outcome != CONFIRMED:
        span.set_status(Status(StatusCode.ERROR, outcome))
    span.end()
