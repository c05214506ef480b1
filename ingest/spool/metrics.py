"""Show how full the spool is."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from broker.message import Message
from ingest.spool.spool import Spool


def counted(
    keep: Callable[[Message], None], registry: CollectorRegistry
) -> Callable[[Message], None]:
    """Return a function that keeps a message, and counts it once it is kept."""
    spooled = Counter(
        "forgewire_spooled",
        "Hooks that went to the spool instead of to the broker.",
        registry=registry,
    )

    def keep_and_count(message: Message) -> None:
        keep(message)
        spooled.inc()

    return keep_and_count


def drained_counter(registry: CollectorRegistry) -> Counter:
    """Return the counter of events that left the spool."""
    return Counter(
        "forgewire_spool_drained",
        "Events from the spool that the broker has confirmed.",
        registry=registry,
    )


def watch(spool: Spool, max_bytes: int, registry: CollectorRegistry) -> None:
    """Add gauges that read the spool when they are asked."""
    gauges = {
        "events": ("Events in the spool.", lambda: spool.level().events),
        "bytes": (
            "Size of the files in the spool folder.",
            lambda: spool.level().bytes,
        ),
        "max_bytes": ("How large they may get.", lambda: max_bytes),
        "oldest_seconds": (
            "Age of the oldest event in the spool; 0 if it is empty.",
            spool.oldest_seconds,
        ),
        "ready": ("Whether the spool takes events now.", spool.is_ready),
        "set_aside_files": (
            "Files with events that could not be drained; somebody must look.",
            spool.set_aside_files,
        ),
    }
    for name, (text, read) in gauges.items():
        gauge = Gauge(f"forgewire_spool_{name}", text, registry=registry)
        gauge.set_function(read)
