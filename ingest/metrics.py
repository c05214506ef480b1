"""Count and time what the receiver does; all labels are bounded."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from broker.outcomes import CONFIRMED, OUTCOMES

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BYTES = tuple(4**power for power in range(5, 14))
#: What the status of an answer begins with when a hook was taken.
_SUCCESS = 2


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
        self.last_hook = Gauge(
            "forgewire_last_hook_timestamp_seconds",
            "When a hook was last answered 2xx, in seconds since 1970.",
            ("source",),
            registry=registry,
        )
        #: By labels, since looking one up costs more than to count.
        self._counters: dict[tuple[str, str, str], Counter] = {}
        ready = Gauge(
            "forgewire_broker_ready",
            "Whether the broker takes events now.",
            registry=registry,
        )
        ready.set_function(is_ready)

    def count(self, source: str, event: str, status: int, seconds: float) -> None:
        """Count a request for a hook route; what senders make up must be no label."""
        labels = (source, event, str(status))
        counter = self._counters.get(labels)
        if counter is None:
            counter = self._counters[labels] = self.hooks.labels(*labels)
        counter.inc()
        self.seconds.observe(seconds)
        if status // 100 == _SUCCESS:
            self.last_hook.labels(source).set_to_current_time()


def publish_counter(registry: CollectorRegistry) -> Callable[[str, float], None]:
    """Return what a publisher tells of each message: its outcome, and the seconds."""
    seconds = Histogram(
        "forgewire_publish_seconds",
        "Time from handing a message to the publisher to its confirm by RabbitMQ.",
        registry=registry,
        buckets=_SECONDS,
    )
    publishes = Counter(
        "forgewire_publishes",
        "Messages handed to the publisher, by what became of them.",
        ("outcome",),
        registry=registry,
    )
    # All from the start, so that the first one of a kind is seen as an increase.
    counters = {outcome: publishes.labels(outcome) for outcome in OUTCOMES}

    def told(outcome: str, waited: float) -> None:
        counters[outcome].inc()
        if outcome == CONFIRMED:
            seconds.observe(waited)

    return told
