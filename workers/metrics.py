"""Count and time what a worker does; all labels are bounded."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from state.ledger import Row
from workers.labels import Labels

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
#: A decision is arithmetic; only a wrong handler takes longer than milliseconds.
_DECIDING = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 1)
_WRITING = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
#: The most sources and collections that are told by name; there are a few of each.
_MOST = 100


class Metrics:
    """The worker's metrics, in a registry of the caller's."""

    def __init__(self, registry: CollectorRegistry, events: Iterable[str]) -> None:
        """`events` are those that are told by name."""
        self.registry = registry
        self._events = Labels(events)
        self._sources = Labels(more=_MOST)
        self._collections = Labels(more=_MOST)
        self._timers: dict[tuple[Histogram, str], Histogram] = {}
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
        self.last_success = Gauge(
            "forgewire_last_success_timestamp_seconds",
            "When an event was last applied, in seconds since 1970.",
            ("source",),
            registry=registry,
        )
        self.in_hand = Gauge(
            "forgewire_events_in_hand",
            "Events that RabbitMQ handed to this worker, not yet acknowledged.",
            registry=registry,
        )
        self._deciding = Histogram(
            "forgewire_handler_seconds",
            "Time to parse, validate and decide one event.",
            ("event",),
            registry=registry,
            buckets=_DECIDING,
        )
        self._writing = Histogram(
            "forgewire_write_seconds",
            "Time of one bulk write to a collection, until a majority has it.",
            ("collection",),
            registry=registry,
            buckets=_WRITING,
        )

    def count(self, rows: Sequence[Row]) -> None:
        """Count rows that are new in the ledger."""
        counts: Tally[tuple[str, str, str]] = Tally()
        applied = {}
        for row in rows:
            source = self._sources.of(row.source)
            counts[source, self._events.of(row.event), row.outcome] += 1
            self.age.observe((row.processed_at - row.received_at).total_seconds())
            if row.outcome == "applied":
                applied[source] = row.processed_at
        for labels, number in counts.items():
            self.deliveries.labels(*labels).inc(number)
        for source, moment in applied.items():
            self.last_success.labels(source).set(moment.timestamp())

    def decided(self, event: str, seconds: float) -> None:
        """Note how long it took to decide an event."""
        self._timer(self._deciding, self._events.of(event)).observe(seconds)

    def written(self, collection: str, seconds: float) -> None:
        """Note how long a write to a collection took."""
        self._timer(self._writing, self._collections.of(collection)).observe(seconds)

    def _timer(self, histogram: Histogram, label: str) -> Histogram:
        # To look a label up in the library costs more than to observe.
        key = histogram, label
        found = self._timers.get(key)
        if found is None:
            found = self._timers[key] = histogram.labels(label)
        return found
