"""Set up the SDK of OpenTelemetry, which the extra `otel` installs."""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_UNTOLD = "unknown_service"


def provider(service: str, version: str) -> TracerProvider:
    """Return what sends spans by OTLP over HTTP; the variables OTEL_* say how."""
    # At the end of a child of multiprocessing nobody asks atexit.
    made = TracerProvider(resource=_resource(service, version), shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


def _resource(service: str, version: str) -> Resource:
    """Return who we are; what the environment says of that comes first."""
    told = Resource.create()
    ours = {SERVICE_NAME: service, SERVICE_VERSION: version}
    untold = {
        name: value
        for name, value in ours.items()
        if str(told.attributes.get(name, _UNTOLD)).startswith(_UNTOLD)
    }
    return told.merge(Resource(untold))
