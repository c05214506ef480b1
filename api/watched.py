"""Tell as metrics what the watch saw last; a scrape asks no server."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api import seen
from api.seen import Points, Seen
from operations.watching.watching import Watching


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge, and where its numbers come from."""

    name: str
    text: str
    read: Callable[[Seen], Points]
    labels: Sequence[str] = ()


FIGURES = (
    Figure(
        "queue_messages",
        "Messages in a queue; the unacknowledged ones if RabbitMQ's plugin tells them.",
        seen.messages,
        ("queue", "state"),
    ),
    Figure("queue_consumers", "Who takes from a queue.", seen.consumers, ("queue",)),
    Figure(
        "queue_oldest_seconds",
        "How long the oldest that waits in a queue has waited at most; 0: none does.",
        seen.oldest,
        ("queue",),
    ),
    Figure("rabbitmq_up", "Whether RabbitMQ told of the queues.", seen.rabbitmq_up),
    Figure("mongodb_up", "Whether a server of MongoDB answered.", seen.mongodb_up),
    Figure("mongodb_primary", "Whether MongoDB has a server for writes.", seen.primary),
    Figure(
        "mongodb_members",
        "Members of the replica set that MongoDB's driver knows, by state.",
        seen.members,
        ("state",),
    ),
    Figure(
        "mongodb_connections",
        "Connections that MongoDB has, and those that it could still take.",
        seen.connections,
        ("state",),
    ),
    Figure("mongodb_cache_bytes", "What MongoDB holds in its cache.", seen.cache),
    Figure(
        "mongodb_cache_max_bytes", "What MongoDB holds there at most.", seen.cache_max
    ),
    Figure(
        "audit_unaccounted_events",
        "Accepted deliveries that are neither accounted for nor known to be under way.",
        seen.unaccounted,
    ),
    Figure("audit_balanced", "Whether there are none of these.", seen.balanced),
    Figure(
        "watch_timestamp_seconds",
        "When the last sample of each part was taken, in seconds since 1970.",
        seen.times,
        ("part",),
    ),
)


class Watched(Collector):
    """The metrics of all that is watched; what is not known has no number."""

    def __init__(self, watching: Watching, now: Callable[[], datetime]) -> None:
        self._watching = watching
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each metric, also those without a number."""
        found = Seen.at(self._now(), self._watching)
        for figure in FIGURES:
            family = GaugeMetricFamily(
                f"forgewire_{figure.name}", figure.text, labels=figure.labels
            )
            for labels, number in figure.read(found):
                family.add_metric(labels, number)
            yield family


def export(
    watching: Watching, now: Callable[[], datetime], registry: CollectorRegistry
) -> None:
    """Add the metrics of what is watched to `registry`."""
    registry.register(Watched(watching, now))
