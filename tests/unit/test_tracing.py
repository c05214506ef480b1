"""Traces: which headers are believed, and that without an SDK no spans are made."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import format_span_id, format_trace_id

from config import telemetry
from tests.collector import tracing_here
from tracing import context, header
from tracing.start import Tracing, start

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def output_of(code):
    """The words that a program prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "state",
    ["a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1 , b=2", "t/x@y=z z"],
)
def test_a_tracestate_that_is_well_formed_is_taken(state):
    assert header.tracestate(state) == state


@pytest.mark.parametrize(
    "state",
    [
        None,
        "",
        "a",
        "a=",
        "A=1",
        "a=1,",
        "a=1\n",
        "a=\xe9",
        "a==1",
        f"a={'x' * 300}",
        f"a={'x' * 200},b={'x' * 200},c={'x' * 200}",
        ",".join(f"a{it}=1" for it in range(33)),
    ],
)
def test_any_other_tracestate_is_dropped(state):
    assert header.tracestate(state) is None


@given(st.text() | st.none(), st.text() | st.none())
def test_headers_that_anybody_made_up_lead_nowhere(traceparent, tracestate):
    assert not context.parent(traceparent, tracestate)


def test_a_trace_id_is_told_of_a_traceparent_only():
    assert header.trace_id(TRACEPARENT) == TRACE
    assert header.trace_id(None) is None
    assert header.trace_id("00-1-2-01") is None


def test_the_headers_of_a_span_lead_to_it():
    tracer, _ = tracing_here()
    span = tracer.start_span("one", context.parent(TRACEPARENT, "a=1"))

    traceparent, tracestate = context.headers(span)

    own = span.get_span_context()
    assert traceparent.split("-")[:3] == [
        "00",
        format_trace_id(own.trace_id),
        format_span_id(own.span_id),
    ]
    assert (traceparent[3:35], tracestate) == (TRACE, "a=1")
    assert context.headers(tracer.start_span("two"))[1] is None


@pytest.mark.parametrize(
    ("environ", "exporter"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "x"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, None),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        (
            {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"},
            None,
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "TRUE"}, None),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            },
            "otlp over grpc",
        ),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            "otlp",
        ),
    ],
)
def test_traces_are_wanted_if_the_environment_says_where_to(environ, exporter):
    assert telemetry.exporter(environ) == exporter


@pytest.mark.parametrize("exporter", [None, "console", "otlp over grpc"])
def test_without_a_place_for_spans_none_are_made(exporter):
    tracing = start(exporter, "forgewire-tests")

    assert tracing == Tracing()
    tracing.close()


def test_what_the_sdk_cannot_make_sense_of_stops_nothing(monkeypatch):
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "-1")

    assert start("otlp", "forgewire-tests") == Tracing()


def test_an_sdk_that_somebody_else_has_set_up_is_used():
    code = (
        "from opentelemetry import trace; from opentelemetry.sdk.trace import *;"
        "trace.set_tracer_provider(TracerProvider());"
        "from tracing.start import start; tracing = start(None, 'x'); tracing.close();"
        "print(tracing.tracer.start_span('one').is_recording())"
    )

    assert output_of(code) == ["True"]


def test_nothing_of_opentelemetry_but_its_api_is_loaded_unless_it_is_wanted():
    code = (
        "import sys, ingest.server, workers.process; from tracing.start import start;"
        "assert not start(None, 'x').tracer;"
        "print(*(it for it in sys.modules if it.startswith('opentelemetry.sdk')))"
    )

    assert output_of(code) == []


def test_what_cannot_end_is_not_waited_for():
    never = threading.Event()

    Tracing(shutdown=never.wait).close(0.01)

    never.set()
