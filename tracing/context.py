"""Take the context of a trace from headers, and put that of a span into them."""

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanContext, format_span_id, format_trace_id
from opentelemetry.trace import set_span_in_context as current
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tracing import header

_PROPAGATOR = TraceContextTextMapPropagator()


def parent(traceparent: str | None, tracestate: str | None) -> Context:
    """Return the context that headers tell; an empty one if they tell none."""
    found, state = header.pair(traceparent, tracestate)
    if found is None:
        return Context()
    carrier = {"traceparent": found}
    if state is not None:
        carrier["tracestate"] = state
    return _PROPAGATOR.extract(carrier, Context())


def headers(span: Span) -> tuple[str, str | None]:
    """Return the `traceparent` and `tracestate` that lead to `span`."""
    context = span.get_span_context()
    return _traceparent(context), context.trace_state.to_header() or None


def below(span: Span) -> Context:
    """Return the context in which spans are children of `span`."""
    return current(span, Context())


def _traceparent(context: SpanContext) -> str:
    trace, own = format_trace_id(context.trace_id), format_span_id(context.span_id)
    return f"00-{trace}-{own}-{context.trace_flags:02x}"
