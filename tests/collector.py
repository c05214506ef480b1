"""Collect spans: over HTTP, as a collector of OpenTelemetry does, or in memory."""

import contextlib
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.receiver import until


class Collected:
    """A span as it came, by plain names."""

    def __init__(self, service, span):
        self.service = service
        self.name = span.name
        self.kind = Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
        self.trace = span.trace_id.hex()
        self.id = span.span_id.hex()
        self.parent = span.parent_span_id.hex() or None
        self.links = [(it.trace_id.hex(), it.span_id.hex()) for it in span.links]
        self.attributes = {it.key: _plain(it.value) for it in span.attributes}
        self.failed = span.status.code == Status.STATUS_CODE_ERROR
        self.state = span.trace_state
        self.start = span.start_time_unix_nano
        self.end = span.end_time_unix_nano
        self.raw = span.SerializeToString()

    def __repr__(self):
        return f"{self.service}: {self.name} {self.id} below {self.parent}"


class Collector:
    """What came to a collector, and where it listens."""

    def __init__(self, server):
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.spans = []

    def take(self, request):
        """Keep the spans of a request."""
        for resource in request.resource_spans:
            told = {it.key: _plain(it.value) for it in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [
                    Collected(told["service.name"], it) for it in scope.spans
                ]

    def of(self, delivery_id, *names):
        """The spans of a trace in which there is this delivery, when all are there.

        `names` are what they begin with; by these they are returned.
        """

        def found():
            told = [it for it in self.spans if _bears(it, delivery_id)]
            traces = {it.trace for it in told}
            spans = [it for it in self.spans if it.trace in traces]
            by_name = {
                it: [one for one in spans if one.name.startswith(it)] for it in names
            }
            return by_name if all(by_name.values()) else None

        return until(found, f"{names} of {delivery_id} in {self.spans}")


@contextlib.contextmanager
def collecting():
    """A collector that takes OTLP over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector = Collector(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def tracing_here():
    """A tracer of the real SDK, and what has the spans that it made."""
    spans = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider.get_tracer("tests"), spans


def _bears(span, delivery_id):
    return span.attributes.get("messaging.message.id") == delivery_id


def _plain(value):
    return getattr(value, value.WhichOneof("value"))
