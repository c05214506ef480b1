"""Count and time what a worker does; all labels are bounded."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from state.ledger import Row

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The worker's metrics, in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry, events: AbstractSet[str]) -> None:
        self.registry = registry
        self._events = events
        self.deliveries = Counter(
            "forgewire_deliveries",
            "Deliveries in the ledger, by outcome; each is counted once.",
            ("source", "event", "outcome"),
            registry=registry,
        )
        self.age = Histogram(
            "forgewire_delivery_seconds",
            "Time from the receipt of a hook to its row in the ledger.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.batch_seconds = Histogram(
            "forgewire_batch_seconds",
            "Time from taking a batch to its acknowledgement.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.batch_events = Histogram(
            "forgewire_batch_events",
            "Events in a batch.",
            registry=registry,
            buckets=_EVENTS,
        )
        self.retries = Counter(
            "forgewire_batch_retries",
            "Batches that waited for MongoDB or RabbitMQ and were tried again.",
            registry=registry,
        )
        self.standing_still = Gauge(
            "forgewire_worker_standing_still",
            "1 while too many events in a row were rejected, and none is taken.",
            registry=registry,
        )
        self.last_batch = Gauge(
            "forgewire_last_batch_timestamp_seconds",
            "When the last batch was done, in seconds since 1970.",
            registry=registry,
        )

    def count(self, rows: Iterable[Row]) -> None:
        """Count rows that are new in the ledger."""
        for row in rows:
            event = row.event if row.event in self._events else "other"
            self.deliveries.labels(row.source, event, row.outcome).inc()
            self.age.observe((row.processed_at - row.received_at).total_seconds())
