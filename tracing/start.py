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

#: What makes our spans, and where the version of it is found.
SCOPE = "forgewire"
#: The exporter that the extra `otel` brings.
OTLP = "otlp"
#: How long the last spans may take to be sent when a process ends.
CLOSE_SECONDS = 2.0

#: Loaded only where spans are wanted: it needs the extra.
_SDK = "tracing.sdk"
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


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no spans can be made, and what to do about it."""

    why: str
    hint: str


def obstacle(exporter: str) -> Obstacle | None:
    """Return what keeps spans from being sent by `exporter`, if anything does."""
    if exporter != OTLP:
        return Obstacle(f"no exporter {exporter}", _NO_EXPORTER)
    try:
        importlib.import_module(_SDK)
    except ModuleNotFoundError as exc:
        return Obstacle(f"no module {exc.name}", _NO_SDK)
    return None


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
    found = obstacle(exporter)
    if found is not None:
        _log.warning("no-traces", why=found.why, hint=found.hint)
        return Tracing()
    return _exporting(service)


def _exporting(service: str) -> Tracing:
    try:
        provider = importlib.import_module(_SDK).provider(service, version(SCOPE))
    except Exception as exc:  # noqa: BLE001 - whatever it cannot read in its variables
        _log.warning("no-traces", why=exc, hint="Look at the variables OTEL_*.")
        return Tracing()
    _log.info("traces", exporter=OTLP)
    return Tracing(_tracer(provider), provider.shutdown)


def _tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer(SCOPE, version(SCOPE))
