"""Read from OpenTelemetry's own variables whether traces are wanted.

Its SDK, where it is installed, reads the rest of them itself.
"""

from collections.abc import Mapping

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"


def exporter(environ: Mapping[str, str]) -> str | None:
    """Return which exporter traces go to: "otlp"; None if they are not wanted.

    They are if the environment names an exporter or an endpoint. Of OTLP's protocols
    other than HTTP the name follows: "otlp over grpc".
    """
    given = {name: value.strip() for name, value in environ.items()}
    named = given.get("OTEL_TRACES_EXPORTER")
    if not named and any(map(given.get, _ENDPOINTS)):
        named = "otlp"
    is_off = given.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not named or named == "none" or is_off:
        return None
    protocol = next(filter(None, map(given.get, _PROTOCOLS)), _HTTP)
    return named if named != "otlp" or protocol == _HTTP else f"otlp over {protocol}"
