"""The spans of a worker: one for each event, and one for each time it writes."""

from dataclasses import replace

import pytest
from opentelemetry.trace import format_span_id, format_trace_id
from pika import BasicProperties

from broker.delivery import Delivery
from broker.envelope import encode
from broker.traced import processing
from tests.collector import tracing_here
from tests.rabbit import a_message
from workers.tracing import Tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
UNSAMPLED = f"00-{TRACE}-{CALLER}-00"


@pytest.fixture
def made():
    return tracing_here()


@pytest.fixture
def tracer(made):
    return made[0]


@pytest.fixture
def spans(made):
    return made[1]


def named(spans, name):
    return [it for it in spans.get_finished_spans() if it.name.startswith(name)]


def place(span):
    """The trace and the id of a span, as headers have them."""
    return format_trace_id(span.context.trace_id), format_span_id(span.context.span_id)


def a_delivery(**changes):
    message = a_message(**{"traceparent": TRACEPARENT} | changes)
    properties, body = encode(message)
    return Delivery(None, 1, properties, body)


def test_a_message_of_somebody_else_is_a_span_too(spans, tracer):
    odd = BasicProperties(
        headers={"traceparent": 7, "ce-source": b"x", "fw-receipt": ""}
    )

    for properties in (BasicProperties(), odd):
        processing(tracer, Delivery(None, 1, properties, b""), "events").end()

    assert {it.parent for it in spans.get_finished_spans()} == {None}


def test_the_span_of_a_write_has_links_to_its_events_and_they_to_it(spans, tracer):
    batch = [a_delivery(traceparent=f"00-{it:032x}-{CALLER}-01") for it in (1, 2, 3)]
    working = Tracing(tracer, "events")

    with working.processing(batch):
        with working.writing("state", batch):
            pass
        working.tell([(one, {"outcome": "applied", "reason": None}) for one in batch])

    (write,), events = named(spans, "write"), named(spans, "process")
    assert {place(it) for it in events} == {
        (format_trace_id(it.context.trace_id), format_span_id(it.context.span_id))
        for it in write.links
    }
    assert write.parent.span_id == events[0].context.span_id
    assert [[it.context for it in one.links] for one in events] == [
        [],
        [write.context],
        [write.context],
    ]
    assert {it.attributes["forgewire.outcome"] for it in events} == {"applied"}


def test_what_nobody_has_traced_bears_the_span_of_its_worker(spans, tracer):
    (one,) = batch = [a_delivery(traceparent=None)]

    with Tracing(tracer, "events").processing(batch):
        told = one.message()

    (span,) = named(spans, "process")
    assert told.traceparent.split("-")[1:3] == [*place(span)]


def test_what_is_not_sampled_is_not_written_about(spans, tracer):
    batch = [a_delivery(traceparent=UNSAMPLED)]
    working = Tracing(tracer, "events")

    with working.processing(batch), working.writing("state", batch):
        pass

    assert spans.get_finished_spans() == ()


def test_a_write_that_fails_is_an_error_without_the_words_of_others(spans, tracer):
    batch = [a_delivery()]
    working = Tracing(tracer, "events")

    with (
        pytest.raises(KeyError),
        working.processing(batch),
        working.writing("state", batch),
    ):
        raise KeyError("Ada Lovelace")

    assert {it.status.description for it in spans.get_finished_spans()} == {"KeyError"}
    assert "Ada" not in "".join(it.to_json() for it in spans.get_finished_spans())


def test_without_a_tracer_nothing_is_asked_of_a_batch():
    working, batch = Tracing(), [a_delivery()]

    with working.processing(batch), working.writing("state", batch):
        working.tell(None)


def test_a_message_says_what_it_is_found_by():
    message = a_message("d-1", traceparent=TRACEPARENT)

    assert message.names() == {"delivery_id": "d-1", "trace_id": TRACE}
    assert replace(message, traceparent=None).names() == {"delivery_id": "d-1"}
