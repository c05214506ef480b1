"""Trace hooks: a span from the head of a request to its answer.

The request then bears the context of the span, and so does the message made of it.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from tracing import context

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_SPAN = "forgewire.span"
_PATHS = ("/hooks/", "/-/api/")
#: What a span says of a hook, and what the receiver calls it in its own notes.
_TOLD = {
    "forgewire.source": "source",
    "forgewire.event": "hook",
    "forgewire.receipt": "receipt",
    "forgewire.outcome": "result",
    "messaging.message.id": "delivery_id",
    "error.type": "code",
}
_CLIENTS_FAULT = range(400, 500)


def trace(app: Flask, tracer: Tracer) -> None:
    """Have an application make a span for each hook.

    What is refused leaves none: strangers could fill the collector.
    """
    inner = app.wsgi_app

    def receive(
        environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(_PATHS):
            return inner(environ, start_response)
        span = _begun(tracer, environ)

        def answer(status: str, *rest: Any) -> Any:
            _end(span, int(status[:3]))
            return start_response(status, *rest)

        return inner(environ, answer)

    # Flask's own way to put something around it; to mypy it replaces a method.
    app.wsgi_app = receive  # type: ignore[method-assign]


def tell(environ: Mapping[str, Any], note: Mapping[str, Any]) -> None:
    """Have the span of a request say what is noted of its hook, if there is one."""
    span: Span | None = environ.get(_SPAN)
    if span is not None:
        told = {name: note[key] for name, key in _TOLD.items() if key in note}
        span.set_attributes(told)


def _begun(tracer: Tracer, environ: "WSGIEnvironment") -> Span:
    """Begin the span of a request, and have the request bear its context."""
    given = environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_TRACESTATE")
    span = tracer.start_span(
        "receive",
        context.parent(*given),
        SpanKind.SERVER,
        {"http.request.method": str(environ.get("REQUEST_METHOD", ""))},
    )
    traceparent, tracestate = context.headers(span)
    environ |= {_SPAN: span, "HTTP_TRACEPARENT": traceparent}
    environ.pop("HTTP_TRACESTATE", None)
    if tracestate is not None:
        environ["HTTP_TRACESTATE"] = tracestate
    return span


def _end(span: Span, status: int) -> None:
    if status in _CLIENTS_FAULT:
        # Not ended, it is not sent.
        return
    span.set_attribute("http.response.status_code", status)
    if status >= _CLIENTS_FAULT.stop:
        span.set_status(Status(StatusCode.ERROR))
    span.end()
