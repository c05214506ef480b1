"""Count and time what the receiver does; all labels are bounded."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BYTES = tuple(4**power for power in range(5, 14))


class Metrics:
    """The receiver's metrics, in a registry of the caller's."""

    def __init__(
        self, registry: CollectorRegistry, is_ready: Callable[[], bool]
    ) -> None:
        self.registry = registry
        self.hooks = Counter(
            "forgewire_hooks",
            "Requests for the hook routes, by event and by HTTP status answered.",
            ("source", "event", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "forgewire_hook_seconds",
            "Time from a hook's headers to its answer.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.bytes = Histogram(
            "forgewire_hook_bytes",
            "Size of the bodies of authenticated hooks.",
            registry=registry,
            buckets=_BYTES,
        )
        self.in_flight = Gauge(
            "forgewire_hooks_in_flight",
            "Hooks that are being received now.",
            registry=registry,
        )
        ready = Gauge(
            "forgewire_broker_ready",
            "Whether the broker takes events now.",
            registry=registry,
        )
        ready.set_function(is_ready)
