"""Begin to make spans, if the environment asks for them and an SDK is there."""

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from opentelemetry import trace
from opentelemetry.trace import ProxyTracerProvider, Tracer, TracerProvider

_log = structlog.stdlib.get_logger("tracing")

#: What makes our spans, as the SDK names it.
SCOPE = "forgewire"
#: The exporter that the extra `otel` brings.
OTLP = "otlp"
#: How long the last spans may take to be sent when a process ends.
CLOSE_SECONDS = 2.0

_NO_SDK = "Install the SDK: pip install 'forgewire[otel]'."
_NO_EXPORTER = "Set OTEL_TRACES_EXPORTER to otlp, and OTEL_EXPORTER_OTLP_PROTOCOL to "
_NO_EXPORTER += "http/protobuf, or leave both unset."


@dataclass(frozen=True, slots=True)
class Tracing:
    """What makes the spans of a process; nothing does if nobody wants any."""

    tracer: Tracer | None = None
    shutdown: Callable[[], None] | None = None

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Send what was not sent yet; return after `timeout` seconds at the latest."""
        if self.shutdown is not None:
            # A thread of its own: a collector that is away is waited for for 30 s.
            thread = threading.Thread(target=self.shutdown, daemon=True)
            thread.start()
            thread.join(timeout)


def start(exporter: str | None, service: str) -> Tracing:
    """Return what makes spans for `service`, in the process that is to make them.

    `exporter` is where they go, as config.telemetry has it; None if nowhere. Whatever
    is wrong is logged, and then none are made: nothing else depends on them.
    """
    provider = trace.get_tracer_provider()
    if not isinstance(provider, ProxyTracerProvider):
        # Somebody has set up an SDK around us.
        return Tracing(_tracer(provider))
    if exporter is None:
        return Tracing()
    if exporter != OTLP:
        _log.warning("no-traces", why=f"no exporter {exporter}", hint=_NO_EXPORTER)
        return Tracing()
    return _exporting(service)


def _exporting(service: str) -> Tracing:
    try:
        sdk = importlib.import_module("tracing.sdk")
    except ModuleNotFoundError as exc:
        _log.warning("no-traces", why=f"no module {exc.name}", hint=_NO_SDK)
        return Tracing()
    try:
        provider = sdk.provider(service, version("forgewire"))
    except Exception as exc:  # noqa: BLE001 - whatever it cannot read in its variables
        _log.warning("no-traces", why=exc, hint="Look at the variables OTEL_*.")
        return Tracing()
    _log.info("traces", exporter=OTLP)
    return Tracing(_tracer(provider), provider.shutdown)


def _tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer(SCOPE, version("forgewire"))
